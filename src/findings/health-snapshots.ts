// In: memstats and block profiles polled from a running program. Out: its health for every ten seconds, as for a trace: heap in use from
// HeapInuse, the mean of the pauses since the last snapshot, blocking events a second from the block profile's counts.
import type { ContentionEvent, GcbendEvent, MemStatsEvent } from '../events/types.ts';
import { isAmount } from '../series/index.ts';
import { FindingLog, type Origin } from './finding-log.ts';
import { describeHealth, type HealthInputs, type HealthState, judgeHealth, rateWindow } from './health.ts';
import { type ThresholdOverrides, type Thresholds, withThresholds } from './thresholds.ts';
import { evidence } from './words.ts';

/** The runtime keeps the last 256 pauses. */
const RING = 256;

interface OpenWindow {
  from: number;
  origin: Origin;
  atTime?: string;
  heapMiB?: number;
  pauseNs: number;
  pauses: number;
  blocks?: number;
}

export class HealthSnapshots {
  readonly #limits: Thresholds['health'];
  readonly #log = new FindingLog('snapshots');
  readonly #judged: Pick<HealthState, 'low' | 'found'> = { low: 0 };
  #window: OpenWindow | undefined;
  #lastGc: number | undefined;
  #lastPauseTotalNs: number | undefined;
  #lastBlocks: { count: number; seconds: number } | undefined;
  /** Wall-clock ms of second 0, once an event with both times was seen. */
  #wallZeroMs: number | undefined;

  constructor(options: { thresholds?: ThresholdOverrides } = {}) {
    this.#limits = withThresholds(options.thresholds).health;
  }

  /** @param seconds since the first snapshot; without times there are no windows */
  push(event: GcbendEvent, seconds?: number): GcbendEvent[] {
    if (seconds === undefined || (event.type !== 'memstats' && event.type !== 'contention')) return [];
    if (event.type === 'contention' && event.profile !== 'block') return [];
    if (event.atTime !== undefined) this.#wallZeroMs ??= Date.parse(event.atTime) - seconds * 1000;
    const { windowSeconds } = this.#limits;
    const from = Math.floor(seconds / windowSeconds) * windowSeconds;
    const out = this.#window !== undefined && from > this.#window.from ? this.#close() : [];
    this.#window ??= { from, origin: event, pauseNs: 0, pauses: 0 };
    this.#window.origin = { source: event.source, line: event.line };
    if (event.type === 'memstats') this.#addMemStats(this.#window, event);
    else this.#addBlocks(this.#window, event, seconds);
    return out;
  }

  finish(): GcbendEvent[] {
    const origin = this.#window?.origin;
    const out = this.#close();
    const body = describeHealth(this.#judged, this.#limits, (t) => this.#times(t));
    if (origin !== undefined && body !== undefined) this.#log.finish('health-low', origin, body, out);
    return out;
  }

  #addMemStats(window: OpenWindow, event: MemStatsEvent): void {
    const inUse = Number(event.HeapInuse ?? event.HeapAlloc);
    if (isAmount(inUse)) window.heapMiB = Math.max(window.heapMiB ?? 0, inUse / 2 ** 20);
    const gc = Number(event.NumGC);
    if (!isAmount(gc)) return;
    const before = this.#lastGc;
    this.#lastGc = gc;
    const total = Number(event.PauseTotalNs);
    const totalBefore = this.#lastPauseTotalNs;
    this.#lastPauseTotalNs = isAmount(total) ? total : undefined;
    if (before === undefined || gc <= before) return;
    if (isAmount(total) && totalBefore !== undefined) {
      window.pauseNs += Math.max(0, total - totalBefore);
      window.pauses += gc - before;
    } else if (Array.isArray(event.PauseNs) && event.PauseNs.length === RING) {
      for (let cycle = Math.max(before + 1, gc - RING + 1); cycle <= gc; cycle++) {
        const ns = Number(event.PauseNs[(cycle + RING - 1) % RING]);
        if (!isAmount(ns)) continue;
        window.pauseNs += ns;
        window.pauses++;
      }
    }
  }

  #addBlocks(window: OpenWindow, event: ContentionEvent, seconds: number): void {
    let count = 0;
    for (const site of event.sites) count += Math.max(0, site.count);
    const before = this.#lastBlocks;
    this.#lastBlocks = { count, seconds };
    if (before === undefined || seconds <= before.seconds) return;
    window.blocks = Math.max(window.blocks ?? 0, Math.max(0, count - before.count) / (seconds - before.seconds));
  }

  #close(): GcbendEvent[] {
    const window = this.#window;
    if (window === undefined) return [];
    this.#window = undefined;
    const inputs: HealthInputs = {};
    if (window.heapMiB !== undefined) inputs.heapMiB = window.heapMiB;
    if (window.pauses > 0) inputs.pauseMs = window.pauseNs / window.pauses / 1e6;
    if (window.blocks !== undefined) inputs.blocksPerSecond = window.blocks;
    const rated = rateWindow(inputs, this.#limits);
    if (rated === undefined) return [];
    const to = window.from + this.#limits.windowSeconds;
    const { source, line } = window.origin;
    const out: GcbendEvent[] = [
      {
        type: 'health',
        schema: 1,
        source,
        line,
        ...this.#times(to),
        window: { from: window.from, to },
        score: rated.score,
        parts: rated.parts,
        inputs: evidence({ ...inputs }) as Record<string, number>,
        ...(rated.absent.length === 0 ? {} : { absent: rated.absent }),
      },
    ];
    if (judgeHealth(this.#judged, { from: window.from, line, score: rated.score, parts: rated.parts }, this.#limits)) {
      const body = describeHealth(this.#judged, this.#limits, (t) => this.#times(t));
      if (body !== undefined) this.#log.tell('health-low', window.origin, body, out);
    }
    return out;
  }

  #times(t: number): { atTime?: string } {
    if (this.#wallZeroMs === undefined) return {};
    return { atTime: new Date(this.#wallZeroMs + t * 1000).toISOString() };
  }
}
