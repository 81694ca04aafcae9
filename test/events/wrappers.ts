// In: the lines of a text. Out: the same lines as a collector or a logger writes them.

export interface Wrapper {
  name: string;
  /** What a line becomes: one line of the log, or several where the collector cuts it. */
  wrap(line: string, index: number): string | string[];
  /** Trailing white space of a line does not come through. */
  trims?: true;
}

const start = Date.parse('2026-11-21T09:00:00Z');
const iso = (index: number): string => new Date(start + index * 7).toISOString();
const nano = (index: number): string => iso(index).replace('Z', '123456Z');
const plain = (index: number): string => iso(index).slice(0, 19).replace('T', ' ').replaceAll('-', '/');
const json = (value: unknown): string => JSON.stringify(value);
/** As Go's encoding/json: `<`, `>` and `&` are escaped. */
const goJson = (value: unknown): string => json(value).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
const syslogTime = (index: number): string => `Nov 21 09:00:${String(Math.floor(index / 100) % 60).padStart(2, '0')}`;

/** Pieces of `size` characters; a collector that cuts lines keeps the newline for the last one. */
function cut(text: string, size: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at === 0 || at < text.length; at += size) pieces.push(text.slice(at, at + size));
  return pieces;
}

export const wrappers: readonly Wrapper[] = [
  {
    name: 'docker json-file',
    wrap: (line, i) => goJson({ log: `${line}\n`, stream: 'stderr', time: nano(i) }),
  },
  { name: 'pm2', wrap: (line) => `0|server   | ${line}` },
  {
    name: 'fluentd',
    wrap: (line, i) => `${nano(i)}\tkube.app\t${goJson({ log: `${line}\n`, stream: 'stderr' })}`,
  },
  { name: 'CRI', wrap: (line, i) => `${nano(i)} stderr F ${line}` },
  {
    name: 'CRI, lines cut in pieces of 50 bytes',
    wrap: (line, i) => {
      const pieces = cut(line, 50);
      return pieces.map((piece, n) => `${nano(i)} stderr ${n === pieces.length - 1 ? 'F' : 'P'} ${piece}`);
    },
  },
  { name: 'journald', wrap: (line, i) => `${syslogTime(i)} host-1 myapp[4242]: ${line}` },
  { name: 'journald, ISO', wrap: (line, i) => `${iso(i).slice(0, 19)}+0000 host-1 myapp[4242]: ${line}` },
  {
    name: 'journald -o json',
    wrap: (line, i) =>
      json({
        __CURSOR: `s=${i}`,
        __REALTIME_TIMESTAMP: String((start + i * 7) * 1000),
        _PID: '4242',
        SYSLOG_IDENTIFIER: 'myapp',
        MESSAGE: line,
      }),
  },
  {
    name: 'journald -o json, coloured',
    wrap: (line, i) =>
      json({
        __REALTIME_TIMESTAMP: String((start + i * 7) * 1000),
        MESSAGE: i % 3 === 0 ? line : [...Buffer.from(`\x1b[31m${line}\x1b[0m`)],
        _PID: '4242',
      }),
  },
  {
    name: 'docker json-file, coloured',
    wrap: (line, i) => goJson({ log: `\x1b[31m${line}\x1b[0m\n`, stream: 'stderr', time: nano(i) }),
  },
  { name: 'syslog RFC 3164', wrap: (line, i) => `<27>${syslogTime(i)} host-1 myapp[4242]: ${line}` },
  { name: 'syslog RFC 5424', wrap: (line, i) => `<27>1 ${iso(i)} host-1 myapp 4242 - - ${line}` },
  {
    name: 'syslog RFC 5424 with data',
    wrap: (line, i) => `<27>1 ${iso(i)} host-1 myapp 4242 ID47 [ex@32473 a="b\\"]" c="d"] ${line}`,
  },
  { name: 'compose', wrap: (line) => `web-1  | ${line}` },
  { name: 'compose --timestamps', wrap: (line, i) => `web-1  | ${nano(i)} ${line}` },
  { name: 'kubectl --prefix', wrap: (line) => `[pod/web-7d4b9c-x2x/app] ${line}` },
  { name: 'kubectl --timestamps', wrap: (line, i) => `${nano(i)} ${line}` },
  { name: 'kubectl --prefix --timestamps', wrap: (line, i) => `[pod/web-7d4b9c-x2x/app] ${nano(i)} ${line}` },
  { name: 'logfmt', wrap: (line, i) => `time=${iso(i)} level=info msg=${json(line)}` },
  { name: 'slog JSON', wrap: (line, i) => json({ time: iso(i), level: 'INFO', msg: line }) },
  { name: 'zap JSON', wrap: (line, i) => json({ level: 'info', ts: (start + i * 7) / 1000, msg: line }) },
  { name: 'logrus JSON', wrap: (line, i) => goJson({ level: 'info', msg: line, time: iso(i) }) },
  { name: 'RFC 3339', wrap: (line, i) => `${iso(i).slice(0, 19)}Z ${line}` },
  { name: "Go's log", wrap: (line, i) => `${plain(i)} ${line}` },
  { name: "Go's log with microseconds and a prefix", wrap: (line, i) => `app: ${plain(i)}.123456 ${line}` },
  { name: 'go test -v', wrap: (line) => `    ${line}` },
  { name: 't.Log', wrap: (line) => `    app_test.go:42: ${line}` },
  {
    name: 'go test -json',
    wrap: (line, i) => json({ Time: iso(i), Action: 'output', Package: 'example.com/x', Output: `${line}\n` }),
  },
  { name: 'GitHub Actions', wrap: (line, i) => `build\tRun go test ./...\t${nano(i)} ${line}` },
  { name: 'GitLab CI', wrap: (line, i) => `${iso(i).slice(0, 23)}456Z 01E ${line}` },
  {
    name: 'CRI around slog JSON',
    wrap: (line, i) => `${nano(i)} stderr F ${json({ time: iso(i), level: 'INFO', msg: line })}`,
  },
  {
    name: "docker around Go's log",
    wrap: (line, i) => goJson({ log: `${plain(i)} ${line}\n`, stream: 'stderr', time: nano(i) }),
  },
  { name: 'level in brackets', wrap: (line, i) => `[${iso(i)}] [stderr] ${line}` },
  {
    name: 'docker around Loki, a value a line (jq -c .data.result[].values[])',
    wrap: (line, i) => json([`${start + i * 7}000000`, goJson({ log: `${line}\n`, stream: 'stderr', time: nano(i) })]),
  },
  { name: 'Loki, a value a line', wrap: (line, i) => `${json([`${start + i * 7}000000`, line])},` },
  {
    name: 'logcli --output=jsonl',
    wrap: (line, i) => json({ labels: { pod: 'web-7d4b9c-x2x', app: 'web' }, line, timestamp: nano(i) }),
  },
  {
    name: 'journalctl -o export',
    wrap: (line, i) => [
      `__CURSOR=s=0639b1;i=${i.toString(16)};b=7d;m=6;t=5b;x=d`,
      `__REALTIME_TIMESTAMP=${(start + i * 7) * 1000}`,
      '_TRANSPORT=stdout',
      'SYSLOG_IDENTIFIER=myapp',
      `MESSAGE=${line}`,
      '_PID=4242',
      '_CMDLINE=/usr/bin/myapp --port 80',
      '',
    ],
  },
  {
    name: 'journalctl -o verbose',
    wrap: (line, i) => [
      `Sat ${iso(i).slice(0, 23).replace('T', ' ')}456 UTC [s=0639b1;i=${i.toString(16)};b=7d;m=6;t=5b;x=d]`,
      '    _TRANSPORT=stdout',
      '    SYSLOG_IDENTIFIER=myapp',
      `    MESSAGE=${line}`,
      '    _PID=4242',
    ],
  },
  { name: 'Papertrail, two blanks', wrap: (line, i) => `${syslogTime(i)} host-1 myapp:  ${line}` },
  {
    name: 'TeamCity',
    wrap: (line, i) => `[${iso(i).slice(11, 19)}]${['W', ' ', ''][i % 3]}:\t [Step 1/2] ${line}`,
  },
  { name: 'colours', wrap: (line, i) => `\x1b[36mweb-1  |\x1b[0m ${i % 2 === 0 ? line : `${line}\x1b[0m`}` },
  { name: 'CRLF', wrap: (line) => `${line}\r` },
  { name: 'byte order mark', wrap: (line, i) => (i === 0 ? `\ufeff${line}` : line) },
  { name: 'NULs of a truncated file', wrap: (line, i) => (i === 0 ? `${'\0'.repeat(4096)}${line}` : line) },
];

/** A whole text in a wrapper. */
export function wrapText(text: string, wrapper: Wrapper): string {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines
    .map((line, i) => [wrapper.wrap(line, i)].flat().join('\n'))
    .join('\n')
    .concat('\n');
}
