// In: a week of cycles (600,000) through a pipe, and 10,000 polls of a server on loopback. Out: resident memory of the command over that
// time, and what gcbend's own detector says of it. `npx tsx bench/live/week.ts [CYCLES] [POLLS]`, after the build.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { detectSegments } from '../../src/detect/index.ts';
import { residentMiB } from './process-usage.ts';

const cycles = Number(process.argv[2] ?? 600_000);
const polls = Number(process.argv[3] ?? 10_000);
const command = resolve(import.meta.dirname, '../../bin/gcbend.js');
const SAMPLES = 240;
/** A change of memory smaller than this is V8's breath. */
const SMALLEST_MIB = 2;

/** Samples by what was done, not by time: the machine may be busy. */
class Memory {
  readonly points: { t: number; value: number }[] = [];
  readonly #pid: number;
  readonly #every: number;

  constructor(pid: number, total: number) {
    this.#pid = pid;
    this.#every = Math.max(1, Math.floor(total / SAMPLES));
  }

  done(count: number): void {
    if (count < (this.points.length + 1) * this.#every) return;
    try {
      this.points.push({ t: count, value: residentMiB(this.#pid) });
    } catch {
      // It has ended.
    }
  }

  report(name: string): void {
    // The first tenth fills caches and compiles code.
    const settled = this.points.slice(Math.floor(this.points.length / 10));
    const { final, tail } = detectSegments(
      settled.map(({ t, value }, index) => ({ index, t, y: value })),
      { model: 'line', sensitivity: 'normal', quantum: 0, minEffect: SMALLEST_MIB },
    );
    const growth = final.map(({ bend }) => bend).filter(({ kind }) => /growth-(?:onset|up)|step-up/.test(kind));
    const values = settled.map(({ value }) => value);
    const said =
      growth.length === 0 && tail?.growing !== true
        ? 'no growth'
        : `${tail?.growing ? 'growing at the end; ' : ''}${growth.map((bend) => `${bend.kind} at ${((100 * bend.t) / settled.at(-1)!.t).toFixed(0)} %`).join(', ')}`;
    const most = Math.max(...this.points.map(({ value }) => value));
    console.log(
      `${name.padEnd(28)} most ${most.toFixed(1)} MiB, after a tenth ${values[0]?.toFixed(1)}, at the end ${values.at(-1)?.toFixed(1)}; detector: ${said}`,
    );
  }
}

const ended = (child: ChildProcess): Promise<unknown> => new Promise((done) => child.once('close', done));

function traceLine(cycle: number): string {
  const live = 20 + Math.round(3 * Math.sin(cycle / 3600)) + ((cycle * 7919) % 3);
  const ms = (n: number) => (((cycle * n) % 97) / 100).toFixed(2);
  return `gc ${cycle} @${cycle}.${String((cycle * 37) % 1000).padStart(3, '0')}s 1%: 0.0${1 + (cycle % 9)}+${ms(7)}+0.00${1 + (cycle % 9)} ms clock, ${ms(11)}+${ms(13)}/${ms(17)}/0.2+0.01${cycle % 10} ms cpu, ${2 * live}->${2 * live + 1}->${live} MB, ${2 * live + 2} MB goal, 0 MB stacks, 0 MB globals, 4 P\n`;
}

async function throughPipe(name: string, args: string[]): Promise<void> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdout!.resume();
  const memory = new Memory(child.pid!, cycles);
  const end = ended(child);
  for (let cycle = 1; cycle <= cycles; ) {
    let text = '';
    for (let i = 0; i < 200 && cycle <= cycles; i += 1, cycle += 1) text += traceLine(cycle);
    if (!child.stdin!.write(text)) await new Promise((resolve) => child.stdin!.once('drain', resolve));
    memory.done(cycle);
  }
  child.stdin!.end();
  await end;
  memory.report(name);
}

async function polling(): Promise<void> {
  let asked = 0;
  let memory: Memory | undefined;
  const server = createServer((request, response) => {
    asked += 1;
    const round = Math.ceil(asked / 2);
    memory?.done(round);
    response.end(request.url!.includes('heap') ? heapText(round) : goroutineText(round));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const child = spawn(
    process.execPath,
    [command, 'watch', `http://127.0.0.1:${port}`, '--interval', '0', '--count', String(polls), '--format', 'ndjson'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  child.stdout!.resume();
  memory = new Memory(child.pid!, polls);
  await ended(child);
  server.close();
  memory.report(`watch, ${polls} polls`);
}

/** A pool that breathes, requests that come and go. */
function goroutineText(round: number): string {
  const groups = Array.from({ length: 30 }, (_, group) => {
    const count = 5 + ((round * (group + 3)) % 7);
    return {
      count,
      text: `${count} @ 0x43e${100 + group} 0x44f${100 + group}\n#\t0x44f${100 + group}\tmain.worker${group}+0x1f\t/src/app/worker.go:${20 + group}\n\n`,
    };
  });
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  return `goroutine profile: total ${total}\n${groups.map(({ text }) => text).join('')}`;
}

function heapText(round: number): string {
  const sites = Array.from({ length: 40 }, (_, site) => {
    const objects = 3 + ((round * (site + 5)) % 11);
    return {
      objects,
      text: `${objects}: ${objects * 65536} [${round * 10 + objects}: ${(round * 10 + objects) * 65536}] @ 0x45a${100 + site} 0x46b${100 + site}\n#\t0x46b${100 + site}\tmain.allocate${site}+0x2f\t/src/app/cache.go:${20 + site}\n\n`,
    };
  });
  const inUse = sites.reduce((sum, { objects }) => sum + objects, 0);
  return `heap profile: ${inUse}: ${inUse * 65536} [${round * 400 + inUse}: ${(round * 400 + inUse) * 65536}] @ heap/1048576\n${sites.map(({ text }) => text).join('')}\n# runtime.MemStats\n# Alloc = ${inUse * 65536}\n# TotalAlloc = ${round * 4e7}\n# Sys = 90000000\n# HeapInuse = ${inUse * 70000}\n# NumGC = ${round * 3}\n# LastGC = ${1_700_000_000_000_000_000n + BigInt(round) * 60_000_000_000n}\n`;
}

await throughPipe(`pipe, ${cycles}, report`, []);
await throughPipe(`pipe, ${cycles}, ndjson`, ['--format', 'ndjson']);
await polling();
