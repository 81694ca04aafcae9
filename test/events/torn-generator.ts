// In: clean runtime lines and a seed. Out: the log that a program gets when it logs to the same stderr, and its truth.
// Cuts lie where the runtime's writes end: after each literal and each number.

import { type GrammarSet, walkShape } from '../../src/grammar/index.ts';

/** Application lines of several styles; each call gives the next one. */
export const STYLES: Record<string, (random: () => number) => string> = {
  date: (random) =>
    `2026/11/21 05:${two(random)}:${two(random)} INFO request id=${int(random, 1e6)} path=/api/orders status=200 gc=off`,
  iso: (random) =>
    `2026-11-21T05:${two(random)}:${two(random)}.${int(random, 1e3)}Z level=info msg="served ${int(random, 99)}"`,
  json: (random) => `{"time":"2026-11-21T05:40:14Z","level":"INFO","msg":"request","id":${int(random, 1e6)}}`,
  logfmt: (random) => `level=info ts=2026-11-21T05:40:14Z caller=main.go:${int(random, 400)} msg=done`,
  bracket: (random) => `[INFO] worker ${int(random, 16)} took ${int(random, 900)}ms`,
  words: (random) => `app: some log line ${int(random, 1e4)}`,
  clock: (random) => `05:${two(random)}:${two(random)} worker ${int(random, 16)} idle`,
  epoch: (random) => `17000${10000 + int(random, 89999)}.${100 + int(random, 899)} worker started`,
  plus: (random) => `+ added ${int(random, 100)} entries`,
  slash: (random) => `/healthz 200 in ${int(random, 90)}us`,
  arrow: (random) => `-> handler ${int(random, 9)} done`,
};

export interface TornLog {
  text: string;
  /** Every runtime line that was printed, whole. */
  truth: string[];
  /** How many of them were torn. */
  torn: number;
  /** What the application wrote, alone. */
  app: string;
}

/** Numbers from 0 to 1, the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Where the runtime's writes of a line end, in characters; the newline is a write of its own. */
export function writesOf(grammars: GrammarSet, line: string): string[] {
  const bytes = Buffer.from(line, 'utf8');
  const match = grammars.match(bytes, 0, bytes.length);
  if (match === undefined) return [line];
  const walk = walkShape(match.shape.compiled, match.shape.fields, bytes, 0, bytes.length);
  const ends = new Map<number, number>();
  for (const [i, pieces] of walk.pieces.entries()) ends.set(pieces, walk.cuts[i] as number);
  const writes: string[] = [];
  let from = 0;
  for (const end of [...ends.values()].sort((a, b) => a - b)) {
    writes.push(bytes.toString('utf8', from, end));
    from = end;
  }
  return writes;
}

/** Mixes application lines into runtime lines: `tear` of the records get at least one inside. */
export function makeTornLog(
  grammars: GrammarSet,
  lines: string[],
  options: { seed: number; styles: string[]; tear: number; between: number },
): TornLog {
  const random = seededRandom(options.seed);
  let app = '';
  const appLine = (): string => {
    const style = options.styles[int(random, options.styles.length)] as string;
    const line = `${(STYLES[style] as (random: () => number) => string)(random)}\n`;
    app += line;
    return line;
  };
  let text = '';
  let torn = 0;
  for (const line of lines) {
    for (let n = int(random, 2 * options.between + 1); n > 0; n--) text += appLine();
    const writes = writesOf(grammars, line);
    const tears = random() < options.tear ? 1 + int(random, 3) : 0;
    const places = new Set<number>();
    while (places.size < Math.min(tears, writes.length)) places.add(1 + int(random, writes.length));
    if (tears > 0) torn++;
    for (const [i, write] of writes.entries()) {
      text += write;
      if (places.has(i + 1)) for (let n = 1 + int(random, 3); n > 0; n--) text += appLine();
    }
    text += '\n';
  }
  return { text, truth: lines, torn, app };
}

function int(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

function two(random: () => number): string {
  return String(int(random, 60)).padStart(2, '0');
}
