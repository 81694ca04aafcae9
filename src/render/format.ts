// In: numbers with their unit. Out: short text that a person reads without counting digits.

/** Three significant digits at least: 0.0012, 0.12, 1.85, 22.1, 158, 12345. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : '?';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e9) return value.toExponential(2);
  if (size >= 99.95) return String(Math.round(value));
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.0995) return value.toFixed(2);
  if (size >= 0.00995) return value.toFixed(3);
  if (size < 1e-6) return value.toExponential(1);
  return String(Number(value.toPrecision(2)));
}

/** With a sign: `+1.85`, `−0.30`, `0`. */
export function formatSigned(value: number): string {
  const text = formatNumber(Math.abs(value));
  return text === '0' ? '0' : value > 0 ? `+${text}` : `−${text}`;
}

/** A span of time: `2.50 ms`, `0.12 s`, `48.0 s`, `12 min 30 s`, `3 h 20 min`, `5 d 3 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'never';
  if (seconds < 0) return `−${formatDuration(-seconds)}`;
  if (seconds < 0.0995) return `${formatNumber(seconds * 1000)} ms`;
  if (seconds < 1) return `${formatNumber(seconds)} s`;
  if (seconds < 119.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 7200) return joinUnits(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 2880) return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / 3600);
  return joinUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A moment of a process: seconds with one or two decimals while short, then `1 h 02 min 30 s` to the second. */
export function formatMoment(seconds: number): string {
  if (seconds < 0.0995) return `${formatNumber(seconds)} s`;
  if (seconds < 600) return `${seconds.toFixed(seconds < 9.995 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600) % 24;
  const days = Math.floor(whole / 86400);
  if (whole < 3600) return `${minutes} min ${two(whole % 60)} s`;
  if (days === 0) return `${hours} h ${two(minutes)} min ${two(whole % 60)} s`;
  return `${days} d ${two(hours)} h ${two(minutes)} min`;
}

/** `512 B`, `12.3 KiB`, `1.50 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = unit === 0 ? String(Math.round(value)) : formatNumber(value);
  return `${bytes < 0 ? '−' : ''}${text} ${units[unit]}`;
}

/** Mebibytes as bytes are read: `22.1 MiB`, `1.50 GiB`. */
export function formatMiB(mebibytes: number): string {
  return formatBytes(mebibytes * 1048576);
}

/** What a trace prints in whole MiB, rounded down: `20 MiB`, `<1 MiB`. */
export function formatPrintedMiB(mebibytes: number): string {
  if (mebibytes === 0) return '<1 MiB';
  return Number.isInteger(mebibytes) && mebibytes < 10240 ? `${mebibytes} MiB` : formatMiB(mebibytes);
}

/** A rate of growth, by the hour or the minute where a second says nothing: `+1.85 MiB/s`, `+6.1 MiB/h`. */
export function formatGrowth(perSecond: number, unit: string): string {
  if (perSecond === 0) return `0 ${unit}/s`;
  const size = Math.abs(perSecond);
  if (size >= 0.05) return `${formatSigned(perSecond)} ${unit}/s`;
  if (size >= 0.05 / 60) return `${formatSigned(perSecond * 60)} ${unit}/min`;
  return `${formatSigned(perSecond * 3600)} ${unit}/h`;
}

/** 0-1 as a percentage that never claims certainty: 0.998 is `> 99 %`. */
export function formatConfidence(confidence: number): string {
  const percent = Math.max(0, Math.min(1, confidence)) * 100;
  return percent >= 99.5 ? '>99 %' : percent > 0 && percent < 1 ? '<1 %' : `${Math.floor(percent + 1e-9)} %`;
}

export function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  if (percent > 0 && percent < 0.05) return '<0.1 %';
  return `${percent >= 9.95 ? Math.round(percent) : percent.toFixed(1)} %`;
}

export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** Wall time without its date's noise: `2026-11-21 15:12:03Z`. */
export function formatWallTime(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?/, '$1 $2');
}
