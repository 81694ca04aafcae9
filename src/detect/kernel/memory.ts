// In: columns. Out: the program of the .wat files here, its memory, and what is laid into it and read from it.

import { createMemory, instantiate } from '../../web-assembly.ts';
import * as constants from '../constants.ts';
import { KERNEL_WASM } from './kernel.wasm.ts';

/** What the program may import: module.wat says which of it. */
const HOST = {
  expm1: Math.expm1,
  ...Object.fromEntries(
    Object.entries(constants).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  ),
};

/** Addresses: what a call returns beside its result. */
export const NUMBER = 0;
export const FIRST_LIST = 8;
export const SECOND_LIST = 16;
const START_BYTES = 1 << 20;
const LARGEST_BYTES = 2 ** 31;

interface Exports {
  clear(): void;
  take(bytes: number): number;
  median(values: number, n: number): number;
  selectAbsolute(values: number, n: number, k: number): number;
  prepare(columns: number, n: number, length: number, floor: number, byPoints: number): number;
  fitLines(
    columns: number,
    n: number,
    step: number,
    lags: number,
    unit: number,
    kinkUnit: number,
    variance: number,
  ): number;
  fitLevels(columns: number, n: number, step: number, lags: number, unit: number): number;
  bestCut(columns: number, n: number, margin: number): number;
  findHinge(columns: number, n: number): number;
  leastSquares(columns: number, n: number, size: number): number;
  fitHarmonics(columns: number, n: number): number;
  turnHarmonics(columns: number, n: number, count: number): number;
  fitCurves(
    columns: number,
    n: number,
    first: number,
    last: number,
    step: number,
    count: number,
    sloped: number,
  ): number;
  mediansOfFive(values: number, n: number): number;
  compact(cells: number, n: number, share: number, most: number): number;
  means(cells: number, n: number, old: number, step: number): number;
  chart(columns: number, n: number, from: number, newest: number, level: number, slope: number): number;
}

const memory = createMemory(START_BYTES, LARGEST_BYTES);
let exports: Exports | undefined;
/** The memory, as numbers and as addresses and counts. */
export let doubles = new Float64Array(memory.buffer);
export let words = new Int32Array(memory.buffer);

export function kernel(): Exports {
  exports ??= instantiate<Exports>(KERNEL_WASM, memory, HOST);
  return exports;
}

/** Views are lost when the memory grows: to be called before it is read or written. */
export function renewViews(): void {
  if (doubles.length > 0) return;
  doubles = new Float64Array(memory.buffer);
  words = new Int32Array(memory.buffer);
}

/** Copies columns behind each other; returns the address of the first. */
export function lay(...columns: readonly ArrayLike<number>[]): number {
  const { clear, take } = kernel();
  let length = 0;
  for (const column of columns) length += column.length;
  clear();
  const address = take(length * 8);
  renewViews();
  let at = address / 8;
  for (const column of columns) {
    doubles.set(column, at);
    at += column.length;
  }
  return address;
}

/** Copies of `count` columns of `n` numbers behind each other. */
export function columnsAt(address: number, n: number, count: number): Float64Array[] {
  const all = doubles.slice(address / 8, address / 8 + count * n);
  return Array.from({ length: count }, (_, k) => all.subarray(k * n, (k + 1) * n));
}

/** A copy of a list that the last call returned. */
export function listAt(place: number): Int32Array {
  const from = words[place / 4]! / 4;
  return words.slice(from, from + words[place / 4 + 1]!);
}
