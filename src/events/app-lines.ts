// In: whole lines of the application that shares the runtime's stderr. Out: how its lines begin, to tell where a torn
// trace line stops and an application line starts: `gc 3542` + `2026/11/21 …` against `gc 35422` + `026/11/21 …`.

const SIGNATURE_BYTES = 12;
const LITERAL_LETTERS = 6;
const MAX_SIGNATURES = 512;

/** Beginnings of application lines, digits taken as one class. Memory is bounded. */
export class AppLines {
  readonly #known = new Set<string>();
  #gluesTextToNumbers = false;

  /** Remembers how a line begins. */
  learn(bytes: Buffer, start: number, end: number): void {
    if (start >= end) return;
    if (this.#known.size >= MAX_SIGNATURES) this.#forgetOldest();
    const signature = signatureOf(bytes, start, end);
    this.#known.add(signature);
    let digits = start;
    while (digits < end && isDigit(bytes[digits] as number)) digits++;
    if (digits > start && digits < end && beginsText(bytes[digits] as number)) this.#gluesTextToNumbers = true;
  }

  /** True when a line that begins like this was seen, or begins with a date or a clock, as a log line does. */
  knows(bytes: Buffer, start: number, end: number): boolean {
    if (start >= end) return false;
    return beginsWithTime(bytes, start, end) || this.#known.has(signatureOf(bytes, start, end));
  }

  /** True when such a line begins with digits that may be more or fewer: `10 MB` is known where `100 MB` was seen. */
  isVague(bytes: Buffer, start: number, end: number): boolean {
    if (start >= end || !isDigit(bytes[start] as number) || beginsWithTime(bytes, start, end)) return false;
    let from = start;
    while (from < end && isDigit(bytes[from] as number)) from++;
    return !isTime(bytes, start, from, end);
  }

  /** True when lines such as `3rd retry` were seen: then `433rd retry` may be `4` and `33rd retry`, or `43` and `3rd retry`. */
  get gluesTextToNumbers(): boolean {
    return this.#gluesTextToNumbers;
  }

  #forgetOldest(): void {
    let left = MAX_SIGNATURES >> 1;
    for (const signature of this.#known) {
      if (left-- === 0) break;
      this.#known.delete(signature);
    }
  }
}

/** Numbers of no fixed length (`5 requests`, `10.0.0.7 - -`) count as one digit; dates and clocks keep theirs. */
function signatureOf(bytes: Buffer, start: number, end: number): string {
  let signature = '';
  let from = start;
  while (from < end && isDigit(bytes[from] as number)) from++;
  if (from === start || isTime(bytes, start, from, end)) from = start;
  else signature = '0';
  const stop = Math.min(end, from + SIGNATURE_BYTES);
  for (let p = from; p < stop; p++) {
    const c = bytes[p] as number;
    if (isDigit(c)) signature += '0';
    else if (p - from >= LITERAL_LETTERS && isLetter(c)) signature += 'a';
    else signature += String.fromCharCode(c);
  }
  return signature;
}

/** `2026/11/21`, `2026-11-21`, `21/11/2026`, `05:40:14`, `1700012345.123`: digits that always come in the same number. */
function isTime(bytes: Buffer, start: number, from: number, end: number): boolean {
  const length = from - start;
  const separator = from < end ? bytes[from] : 0;
  if (separator === 46 || separator === 32) return length >= 10;
  if (separator !== 47 && separator !== 45 && separator !== 58) return false;
  if (length !== 2 && (length !== 4 || separator === 58)) return false;
  return (
    from + 3 < end &&
    isDigit(bytes[from + 1] as number) &&
    isDigit(bytes[from + 2] as number) &&
    bytes[from + 3] === separator
  );
}

/** `2026/11/21`, `2026-11-21`, `05:40:14`: no number that the runtime prints goes on like this. */
function beginsWithTime(bytes: Buffer, start: number, end: number): boolean {
  if (start + 8 > end || !isDigit(bytes[start] as number)) return false;
  const text = bytes.toString('latin1', start, Math.min(end, start + 10));
  return /^(?:(?:19|20)\d\d([/-])[01]\d\1[0-3]\d|[0-2]\d:[0-5]\d:[0-5]\d)/.test(text);
}

/** True for bytes with which a log line begins and with which a number does not go on. */
export function beginsText(c: number): boolean {
  return isLetter(c) || c === 95 || '{[("\'<#=*!@$&|>\x1b'.includes(String.fromCharCode(c));
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isLetter(c: number): boolean {
  return (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c >= 128;
}
