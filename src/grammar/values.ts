// In: the bytes of one hole. Out: its value as a JavaScript number, string, boolean or array (undefined: not printed).
// `+1.234567e+000` (Go to 1.25) and `0.25` (1.26) are one number; an integer of 2^53 or more is a decimal string.

import type { CompiledField } from './types.ts';

/** 10^0 … 10^22: powers that a double holds exactly. */
export const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Numbers of so many bytes are exact when they are read digit by digit; longer ones are left to Number(). */
export const EXACT_DIGITS = 15;

const DOT = 46;
const ZERO = 48;

/** True when the text of such a field is JSON as it stands: digits, at most one dot, no sign. */
export function isPlainNumber({ type, divide }: CompiledField): boolean {
  return divide === undefined && (type === 'integer' || type === 'decimal' || type === 'duration');
}

/** Reads up to EXACT_DIGITS digits with at most one dot: every time and size of a trace. */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let p = start;
  for (; p < end && bytes[p] !== DOT; p++) value = value * 10 + ((bytes[p] as number) - ZERO);
  if (p === end) return value;
  const decimals = end - p - 1;
  for (p++; p < end; p++) value = value * 10 + ((bytes[p] as number) - ZERO);
  return value / (POWERS[decimals] as number);
}

/** The value of a field, or undefined when the text says that there is none (`nil`, `-1`, NaN, an empty text). */
export function readValue(field: CompiledField, bytes: Uint8Array, start: number, end: number): unknown {
  if (start < 0) return undefined;
  switch (field.type) {
    case 'integer':
    case 'signed':
    case 'decimal':
    case 'duration': {
      const text = end - start > EXACT_DIGITS || bytes[start] === 45 ? textOfSpan(bytes, start, end) : undefined;
      const value = text === undefined ? parseDecimal(bytes, start, end) : Number(text);
      // A quotient of two doubles may end in 0000000000001: let the exponent do it.
      if (field.divide !== undefined) return Number(`${textOfSpan(bytes, start, end)}e-${Math.log10(field.divide)}`);
      if (text === undefined || Number.isSafeInteger(value)) return value;
      return text.includes('.') && Number.isFinite(value) ? value : text;
    }
    case 'float': {
      const value = Number(textOfSpan(bytes, start, end).replace('Inf', 'Infinity'));
      return Number.isFinite(value) ? value : undefined;
    }
    case 'id':
      return bytes[start] === 110 || bytes[start] === 45 ? undefined : readInteger(textOfSpan(bytes, start, end));
    case 'boolean':
      return bytes[start] === 49 || bytes[start] === 116;
    case 'hex': {
      const value = BigInt(textOfSpan(bytes, start, end));
      return readInteger(value.toString());
    }
    case 'integers':
      return textOfSpan(bytes, start, end).split(' ').map(readInteger);
    case 'flag':
      return true;
    default:
      return end === start
        ? undefined
        : Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  }
}

function readInteger(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

function textOfSpan(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let p = start; p < end; p++) text += String.fromCharCode(bytes[p] as number);
  return text;
}
