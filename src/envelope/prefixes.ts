// In: the head of a line. Out: how long the prefix of a collector or logger is, and what it says.
// Example: `2026-11-21T09:00:00.123456789Z stderr F gc 1 @0.004s …` (CRI): 41 bytes, its time, `stderr`, whole.

import { type EnvelopeKind, type Layer, type Taker, Text } from './types.ts';

/** Words between a time and the text: level, logger, thread, file and line, process. */
const MOST_WORDS = 6;

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const CLOCK = '\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?';
/** Names of zones, not of log levels. */
const ZONE = '(?:UTC|GMT|MSK|[A-Z]{1,3}T)';
const ISO = `\\d{4}-\\d\\d-\\d\\d[T _]${CLOCK}(?: ?(?:Z|UTC|[+-]\\d\\d:?\\d\\d))?(?: ${ZONE}(?= ))?`;
const SYSLOG = `(?:[A-Z][a-z]{2} )?${MONTH} [ \\d]\\d (?:\\d{4} )?${CLOCK}(?: \\d{4})?`;
const APACHE = `\\d\\d/${MONTH}/\\d{4}:\\d\\d:\\d\\d:\\d\\d(?: [+-]\\d{4})?`;
const SYSLOG_3164 =
  `^(?:<\\d{1,3}>)?(?<time>${ISO}|(?:[A-Z][a-z]{2} )?${ISO}|${SYSLOG}|\\d{10}\\.\\d+|\\[ *\\d+\\.\\d+\\]) ` +
  '(?<identity>[^ :[]+ [^ :[]+(?:\\[\\d+\\])?):';
const TIME = [
  ISO,
  `\\d{4}/\\d\\d/\\d\\d ${CLOCK}`,
  '\\d{1,2}/\\d{1,2}/\\d{4} \\d{1,2}:\\d\\d:\\d\\d(?: [AP]M)?',
  SYSLOG,
  APACHE,
  '\\d{10}(?:\\.\\d{1,9}|\\d{3}|\\d{6}|\\d{9})?',
  CLOCK,
  '\\d{1,2}:\\d\\d(?:AM|PM)',
].join('|');

interface Prefix {
  kind: EnvelopeKind;
  /** Unmistakable: needs no record behind it to be believed. */
  strong?: true;
  /** Groups: time, identity, stream, partial. */
  pattern: RegExp;
}

/** Most special first. */
const PREFIXES: readonly Prefix[] = [
  {
    kind: 'cri',
    strong: true,
    pattern: new RegExp(`^(?<time>${ISO}) (?<stream>stdout|stderr) (?<partial>[FP])(?::[^ ]*)? `),
  },
  {
    kind: 'gitlab',
    strong: true,
    pattern: new RegExp(`^(?<time>\\d{4}-\\d\\d-\\d\\dT${CLOCK}Z) \\d\\d(?<stream>[OE])[+ ]`),
  },
  {
    kind: 'teamcity',
    strong: true,
    pattern: /^\[\d\d:\d\d:\d\d\][ \tEFWi]?:[ \t]+\[(?<identity>Step \d+\/\d+)\](?: |$)/,
  },
  { kind: 'kubectl', strong: true, pattern: /^\[(?<identity>pod\/[^\]/ ]+(?:\/[^\]/ ]+)?)\] / },
  {
    kind: 'syslog-5424',
    strong: true,
    pattern: new RegExp(
      `^(?:(?:\\d{2,7} )?<\\d{1,3}>)?1 (?<time>\\d{4}-\\d\\d-\\d\\dT${CLOCK}(?:Z|[+-]\\d\\d:\\d\\d)|-) (?<identity>[^ ]+ [^ ]+ [^ ]+) [^ ]+ ` +
        '(?:-|(?:\\[(?:[^\\]"]|"(?:\\\\.|[^"\\\\])*")*\\])+)(?: (?:\\xef\\xbb\\xbf)?|$)',
    ),
  },
  {
    // fluentd's files and standard output: time, tag, the record as JSON.
    kind: 'fluentd',
    pattern: new RegExp(`^(?<time>${ISO})[ \\t](?<identity>[\\w.*/-]+)(?:\\t|: )(?=\\{)`),
  },
  { kind: 'syslog-3164', pattern: new RegExp(`${SYSLOG_3164} `) },
  // Papertrail's.
  { kind: 'syslog-3164', pattern: new RegExp(`${SYSLOG_3164}  `) },
  { kind: 'klog', pattern: /^[IWEF](?<time>\d{4} \d\d:\d\d:\d\d\.\d{6}) +(?<identity>\d+) [^\] ]+:\d+\] / },
  {
    kind: 'logcat',
    pattern: /^(?<time>(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) +(?<identity>\d+) +\d+ [VDIWEFA] [^:]*: /,
  },
  {
    kind: 'logcat',
    pattern: /^(?:(?<time>\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) )?[VDIWEFA]\/[^(]*\( *(?<identity>\d+)\): /,
  },
  { kind: 'compose', pattern: /^(?<identity>[A-Za-z0-9][\w.@-]*) +\| / },
  { kind: 'compose', pattern: /^(?<identity>[A-Za-z0-9][\w.@-]*) +\|$/ },
  { kind: 'compose', pattern: /^ *(?<identity>[A-Za-z0-9][\w.@-]*) +\xe2\x94\x82 / },
  // docker buildx, earthly, act: padded, in brackets or with a sign before the name.
  { kind: 'compose', pattern: /^ *(?<identity>[+*]?[A-Za-z0-9][\w.@/-]*|\[[^\]]{1,60}\]) +\| / },
  // Docker's build output: step, seconds.
  { kind: 'buildkit', pattern: /^#(?<identity>\d+) \d+\.\d+ / },
  { kind: 'tai64n', pattern: /^@[\da-f]{24} / },
  { kind: 'pm2', pattern: /^(?<identity>\d+\|[^ |]+) *\| / },
  { kind: 'github', pattern: new RegExp(`^(?<identity>[^\\t]+\\t[^\\t]+)\\t(?:\\xef\\xbb\\xbf)?(?<time>${ISO}) `) },
  { kind: 'logrus-terminal', pattern: /^(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[\d{4,}\] / },
  { kind: 'go-test', pattern: /^ {4}(?: {4})*[\w.-]+\.go:\d+: / },
  { kind: 'fly', pattern: new RegExp(`^(?<time>${ISO}) (?<identity>[\\w.-]+\\[[\\w-]+\\] [a-z]{3}) \\[\\w+\\] ?`) },
  { kind: 'podman', pattern: /^(?<identity>[\da-f]{12}) / },
  { kind: 'elapsed', pattern: /^\+?\d+\.\d+s? / },
  { kind: 'level', pattern: /^(?:trace|debug|info|notice|warn|warning|error|fatal): /i },
  { kind: 'bamboo', pattern: /^\w+\t(?<time>\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d)\t/ },
  { kind: 'stern', pattern: /^(?<identity>[a-z0-9][a-z0-9.-]* \xe2\x80\xba [a-z0-9][a-z0-9-]*) / },
  {
    kind: 'stern',
    pattern: /^(?<identity>(?:[a-z0-9][a-z0-9.-]* )?[a-z0-9][a-z0-9.]*-[a-z0-9.-]+ [a-z0-9][a-z0-9-]*) /,
  },
];
const INDENTS: readonly Prefix[] = [
  { kind: 'indent', pattern: /^ {4}/ },
  { kind: 'indent', pattern: /^ {8}/ },
  { kind: 'indent', pattern: /^\t/ },
];
/** A logger puts one blank behind a time; more may be the text's own, unless only what follows them is a record. */
const LED_BY_TIME: Prefix = {
  kind: 'timestamp',
  pattern: new RegExp(`^ {0,3}[[(]?(?<time>${TIME})[\\])]?(?: (?:\\| )?|\\t|: |$)`),
};
const LED_BY_ALIGNED_TIME: Prefix = {
  kind: 'timestamp',
  pattern: new RegExp(`^ {0,3}[[(]?(?<time>${TIME})[\\])]?[ \\t]+(?:\\|[ \\t]+)?`),
};
/** Go's `log.SetPrefix` stands before the time. */
const LED_BY_NAMED_TIME: Prefix = {
  kind: 'timestamp',
  pattern: new RegExp(`^[A-Za-z][\\w.-]{0,40}: ?(?<time>${TIME})(?: |: |$)`),
};
const LED_BY_BRACKETS: Prefix = {
  kind: 'brackets',
  pattern:
    /^(?:\[(?!originating from |signal )[^\]]{1,60}\] ?){0,2}\[(?!originating from |signal )[^\]]{1,60}\](?:: | )?/,
};
/** Blank, tab, and the signs that prefixes begin with. */
const SIGNS = Buffer.from(' \t[(<{}]"@>+|*-_#\xe2', 'latin1');
const WORD = /[^ \t]+[ \t]+/y;
const LAST_WORD = /[^ \t]+[ \t]/y;

/** `length`: of the prefix. */
function layerOf(prefix: Omit<Prefix, 'pattern'>, text: Text, length: number, found: RegExpExecArray): Layer {
  const { time, identity, stream, partial } = found.groups ?? {};
  return {
    kind: prefix.kind,
    text: new Text(text.bytes, text.start + length, text.end),
    time,
    identity,
    stream: stream === undefined ? undefined : stream === 'stdout' || stream === 'O' ? 'stdout' : 'stderr',
    partial: partial === 'P',
    strong: prefix.strong ?? false,
  };
}

function makeTaker(prefix: Prefix): Taker {
  return {
    nests: true,
    take: (text) => {
      const found = prefix.pattern.exec(text.head);
      return found ? layerOf(prefix, text, found[0].length, found) : undefined;
    },
  };
}

/** Skips what the prefix' pattern finds and then `words` words, the last of them with the blanks that `last` allows. */
function makeWordSkipper(prefix: Prefix, words: number, last = WORD): Taker {
  return {
    nests: words === 0,
    take: (text) => {
      const { head } = text;
      const found = prefix.pattern.exec(head);
      if (!found) return undefined;
      let length = found[0].length;
      for (let word = 0; word < words; word++) {
        const pattern = word === words - 1 ? last : WORD;
        pattern.lastIndex = length;
        if (!pattern.test(head)) return undefined;
        length = pattern.lastIndex;
      }
      return layerOf(prefix, text, length, found);
    },
  };
}

/** Everything that may be tried on a line of which nothing is known, in this order. */
export const PREFIX_TAKERS: readonly Taker[] = [
  ...PREFIXES.map(makeTaker),
  ...Array.from({ length: MOST_WORDS + 1 }, (_, words) => [
    makeWordSkipper(words === 0 ? LED_BY_TIME : LED_BY_ALIGNED_TIME, words, LAST_WORD),
    makeWordSkipper(LED_BY_ALIGNED_TIME, words),
  ]).flat(),
  makeTaker(LED_BY_NAMED_TIME),
  makeWordSkipper(LED_BY_NAMED_TIME, 1, LAST_WORD),
  makeWordSkipper(LED_BY_BRACKETS, 0),
  makeWordSkipper(LED_BY_BRACKETS, 1),
];

/** Least sure of all: what people and shells put before lines that they copy or count, and the names of tasks. */
export const MARK_TAKERS: readonly Taker[] = [
  { kind: 'task', pattern: /^(?<identity>[\w@][\w@.-]*:[A-Za-z@][\w@:.-]*): / } as const,
  { kind: 'numbered', pattern: /^(?:[^\s:]+:)?\d+:(?! )/ } as const,
  { kind: 'numbered', pattern: /^ *\d+\t/ } as const,
  { kind: 'mark', pattern: /^ ?(?:[>+|*-]|\xe2\x94\x82|\xe2\x80\xa2) / } as const,
  ...INDENTS,
].map(makeTaker);

/** Tells at once most of what follows in a torn line, and of what stands in a dump, from the begin of a prefix, or of a length in journald's export. */
export function mayBePrefixed({ bytes, start, end }: Text): boolean {
  if (start === end) return false;
  if (bytes[start + 7] === 0) return true;
  const first = bytes[start]!;
  const isDigit = first >= 0x30 && first <= 0x39;
  const isLetter = (first | 0x20) >= 0x61 && (first | 0x20) <= 0x7a;
  return isDigit || isLetter || SIGNS.includes(first);
}
