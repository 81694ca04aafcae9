// In: ../leak/stderr.log, a real trace. Out: json-file.log, the same lines as docker's json-file driver keeps them: one JSON object a
// line, `<`, `>` and `&` escaped as Go's encoding/json does, the time of arrival beside, an application line on stdout now and then.
import { readFileSync, writeFileSync } from 'node:fs';

const started = Date.parse('2026-11-20T09:30:00Z');
const escape = (text) => JSON.stringify(text).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
const time = (ms, nanos) => new Date(ms).toISOString().replace('Z', `${String(nanos).padStart(6, '0')}Z`);
const out = [];
let n = 0;
for (const line of readFileSync(new URL('../leak/stderr.log', import.meta.url), 'utf8').trimEnd().split('\n')) {
  const at = /@([\d.]+)s/.exec(line);
  const ms = started + Math.round(Number(at?.[1] ?? 0) * 1000);
  out.push(`{"log":${escape(`${line}\n`)},"stream":"stderr","time":"${time(ms, (n * 7919) % 1e6)}"}`);
  if (n++ % 5 === 0) out.push(`{"log":${escape(`{"level":"info","msg":"order <${n}> stored","took":"${n % 9}ms"}\n`)},"stream":"stdout","time":"${time(ms + 1, (n * 104729) % 1e6)}"}`);
}
writeFileSync(new URL('json-file.log', import.meta.url), `${out.join('\n')}\n`);
