// In: bytes that a terminal sends for keys, and the state of the panel. Out: names of keys, and the state after each.
import type { ChartedSignal } from './traced-process.ts';

export interface PanelState {
  paused: boolean;
  /** Place of the newest cycle when it was paused: nothing later is drawn. */
  pausedAt?: number;
  /** Place of the cycle that is looked at; absent when live. */
  cursor?: number;
  /** Number in `ZOOM_SECONDS`. */
  zoom: number;
  signal: ChartedSignal;
  help: boolean;
  /** What the caller is to do; it clears it. */
  wants?: 'save' | 'quit';
}

/** Seconds that the chart shows; infinite: everything. */
export const ZOOM_SECONDS = [Number.POSITIVE_INFINITY, 86400, 21600, 3600, 900, 300, 60, 15] as const;

export const PANEL_SIGNALS: readonly ChartedSignal[] = [
  'heapLive',
  'heapGoal',
  'pause',
  'gcCpu',
  'allocRate',
  'assistShare',
  'stacks',
  'goroutines',
];

export const INITIAL_PANEL: PanelState = { paused: false, zoom: 0, signal: 'heapLive', help: false };

const SEQUENCES: Record<string, string> = {
  '\x1b[A': 'up',
  '\x1b[B': 'down',
  '\x1b[C': 'right',
  '\x1b[D': 'left',
  '\x1bOA': 'up',
  '\x1bOB': 'down',
  '\x1bOC': 'right',
  '\x1bOD': 'left',
  '\x1b[H': 'home',
  '\x1bOH': 'home',
  '\x1b[1~': 'home',
  '\x1b[7~': 'home',
  '\x1b[F': 'end',
  '\x1bOF': 'end',
  '\x1b[4~': 'end',
  '\x1b[8~': 'end',
  '\x1b[5~': 'pageup',
  '\x1b[6~': 'pagedown',
  '\x1b[Z': 'backtab',
  '\x1b': 'escape',
  '\t': 'tab',
  '\r': 'enter',
  '\n': 'enter',
  '\x03': 'interrupt',
  ' ': 'space',
};

/** Names of the keys in what the terminal sent; sequences that mean nothing here are left out. */
export function readKeys(input: string): string[] {
  const keys: string[] = [];
  for (const [sequence] of input.matchAll(/\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|[\s\S]/g)) {
    const name = Object.hasOwn(SEQUENCES, sequence) ? SEQUENCES[sequence] : undefined;
    if (name !== undefined) keys.push(name);
    else if (/^[\x21-\x7e]$/.test(sequence)) keys.push(sequence);
  }
  return keys;
}

const PAGE = 20;

/**
 * The state after one key. `range`: places of the oldest and the newest cycle that can be looked at; undefined before the first.
 * Space pauses, arrows scroll, + and - zoom, tab and numbers choose the signal, s saves, q and Ctrl-C quit.
 */
export function reducePanel(
  state: PanelState,
  key: string,
  range: { oldest: number; newest: number } | undefined,
): PanelState {
  if (key === 'q' || key === 'interrupt') return { ...state, wants: 'quit' };
  if (key === '?' || key === 'h') return { ...state, help: !state.help };
  if (state.help && (key === 'escape' || key === 'enter')) return { ...state, help: false };
  switch (key) {
    case 's':
      return { ...state, wants: 'save' };
    case 'space':
    case 'p':
      return state.paused ? live(state) : paused(state, range?.newest);
    case 'left':
      return scroll(state, range, -1);
    case 'right':
      return scroll(state, range, 1);
    case 'pageup':
      return scroll(state, range, -PAGE);
    case 'pagedown':
      return scroll(state, range, PAGE);
    case 'home':
      return scroll(state, range, Number.NEGATIVE_INFINITY);
    case 'end':
    case 'escape':
      return live(state);
    case '+':
    case '=':
    case 'up':
      return { ...state, zoom: Math.min(ZOOM_SECONDS.length - 1, state.zoom + 1) };
    case '-':
    case '_':
    case 'down':
      return { ...state, zoom: Math.max(0, state.zoom - 1) };
    case 'tab':
      return { ...state, signal: nextSignal(state.signal, 1) };
    case 'backtab':
      return { ...state, signal: nextSignal(state.signal, -1) };
    default: {
      const chosen = /^[1-9]$/.test(key) ? PANEL_SIGNALS[Number(key) - 1] : undefined;
      return chosen === undefined ? state : { ...state, signal: chosen };
    }
  }
}

/** The state once the caller has done what was wanted. */
export function doneWanted({ wants: _, ...rest }: PanelState): PanelState {
  return rest;
}

function live({ cursor: _, pausedAt: _at, ...rest }: PanelState): PanelState {
  return { ...rest, paused: false };
}

function paused(state: PanelState, newest: number | undefined): PanelState {
  return newest === undefined ? { ...state, paused: true } : { ...state, paused: true, pausedAt: newest };
}

/** Moves the cursor; a cursor on the newest cycle of a panel that is not paused is live again. */
function scroll(state: PanelState, range: { oldest: number; newest: number } | undefined, by: number): PanelState {
  if (range === undefined) return state;
  const newest = state.pausedAt ?? range.newest;
  const cursor = Math.max(range.oldest, Math.min(newest, (state.cursor ?? newest) + by));
  if (cursor >= newest && by > 0) {
    const { cursor: _, ...rest } = state;
    return rest;
  }
  return { ...state, cursor };
}

function nextSignal(signal: ChartedSignal, by: number): ChartedSignal {
  const place = PANEL_SIGNALS.indexOf(signal);
  return PANEL_SIGNALS[(place + by + PANEL_SIGNALS.length) % PANEL_SIGNALS.length]!;
}
