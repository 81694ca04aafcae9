// In: numbers. Out: the words that titles, details and advice are made of.

/** A number as a person would write it: three significant digits, no exponent for everyday sizes. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  if (size === 0) return '0';
  return String(Number(value.toPrecision(size >= 0.1 ? 3 : 2)));
}

export function mib(value: number): string {
  if (Math.abs(value) >= 10240) return `${number(value / 1024)} GiB`;
  if (Math.abs(value) < 0.01 && value !== 0) return `${number(value * 1024)} KiB`;
  return `${number(value)} MiB`;
}

export function percent(share: number): string {
  return `${number(share * 100)} %`;
}

/** A time of the series: `48 s`, `1 h 12 min`; snapshots and cycles have no seconds. */
export function moment(t: number, hasTime: boolean): string {
  return hasTime ? duration(t) : `cycle ${Math.round(t) + 1} of the trace`;
}

export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 1) return `${number(s * 1000)} ms`;
  if (s < 120) return `${number(s)} s`;
  if (s < 600) return withRest(Math.round(s), 60, 'min', 's');
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return withRest(Math.round(s / 60), 60, 'h', 'min');
  return `${number(s / 86_400)} days`;
}

function withRest(value: number, per: number, unit: string, restUnit: string): string {
  const rest = value % per;
  return `${Math.floor(value / per)} ${unit}${rest === 0 ? '' : ` ${rest} ${restUnit}`}`;
}

export function factor(value: number): string {
  return value >= 1 ? `× ${number(value)}` : `÷ ${number(1 / value)}`;
}

/** How often something comes: `2.6 times a second`, `every 4 s`. */
export function frequency(intervalSeconds: number): string {
  if (intervalSeconds <= 0) return 'without a break';
  return intervalSeconds < 1 ? `${number(1 / intervalSeconds)} times a second` : `every ${duration(intervalSeconds)}`;
}

/** The same beside another one: without the unit when both are told in times a second. */
export function shortFrequency(intervalSeconds: number, besideSeconds: number): string {
  const both = [intervalSeconds, besideSeconds].every((seconds) => seconds > 0 && seconds < 1);
  return both ? number(1 / intervalSeconds) : frequency(intervalSeconds);
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Rounded for `evidence`: six significant digits are more than any trace holds. */
export function tidy(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : value;
}

/** `evidence` without what is not known. */
export function evidence(values: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) continue;
    kept[name] = typeof value === 'number' ? tidy(value) : value;
  }
  return kept;
}
