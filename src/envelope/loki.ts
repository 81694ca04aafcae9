// In: a line that Loki's query API answered, or its push API was sent. Out: its entries as lines, as `logcli -o jsonl` prints them.
// Example: `{"data":{"result":[{"stream":{"pod":"web-1"},"values":[["1795251600000000000","gc 1 @0.004s …"]]}]}}`

import { isFields, parseJson } from './structured.ts';
import type { Text } from './types.ts';

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const VALUES = Buffer.from('"values"');
const NANOSECONDS = /^\d{19}$/;

interface Entry {
  timestamp: string;
  labels: unknown;
  line: string;
}

/** Undefined for any other line. Oldest first: Loki begins with the newest, and parts one container's lines by their levels. */
export function readLokiEntries({ bytes, start, end }: Text): Buffer[] | undefined {
  if (bytes[start] !== OPEN_BRACE && bytes[start] !== OPEN_BRACKET) return undefined;
  if (!bytes.subarray(start, end).includes(VALUES)) return undefined;
  const entries = streamsIn(parseJson(bytes, start, end)).flatMap(entriesOf);
  if (entries.length === 0) return undefined;
  entries.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
  return entries.map((entry) => Buffer.from(JSON.stringify(entry)));
}

function streamsIn(value: unknown): { stream: unknown; values: unknown[] }[] {
  if (Array.isArray(value)) return value.flatMap(streamsIn);
  if (!isFields(value)) return [];
  const { data, result, streams, stream, values } = value;
  if (Array.isArray(values)) return [{ stream, values }];
  return streamsIn(streams ?? result ?? data);
}

/** `[time, line]`, and labels of its own behind them in later versions. */
function entriesOf({ stream: labels, values }: { stream: unknown; values: unknown[] }): Entry[] {
  const entries: Entry[] = [];
  for (const value of values) {
    const [timestamp, line] = Array.isArray(value) ? value : [];
    if (typeof timestamp !== 'string' || !NANOSECONDS.test(timestamp) || typeof line !== 'string') return [];
    entries.push({ timestamp, labels, line });
  }
  const isNewestFirst = entries.length > 1 && entries[0]!.timestamp > entries.at(-1)!.timestamp;
  return isNewestFirst ? entries.reverse() : entries;
}
