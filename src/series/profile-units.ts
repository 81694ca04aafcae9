// In: values with pprof's unit names (bytes, nanoseconds, count). Out: the texts that `go tool pprof` prints for them.
// Follows github.com/google/pprof internal/measurement; example: 1076930 bytes in `kB` is `1051.69kB`.

interface Unit {
  name: string;
  aliases: readonly string[];
  factor: number;
}

interface UnitFamily {
  units: readonly Unit[];
  fallback: Unit;
}

const BYTE: Unit = { name: 'B', aliases: ['b', 'byte'], factor: 1 };

const FAMILIES: readonly UnitFamily[] = [
  {
    units: [
      BYTE,
      { name: 'kB', aliases: ['kb', 'kbyte', 'kilobyte'], factor: 2 ** 10 },
      { name: 'MB', aliases: ['mb', 'mbyte', 'megabyte'], factor: 2 ** 20 },
      { name: 'GB', aliases: ['gb', 'gbyte', 'gigabyte'], factor: 2 ** 30 },
      { name: 'TB', aliases: ['tb', 'tbyte', 'terabyte'], factor: 2 ** 40 },
      { name: 'PB', aliases: ['pb', 'pbyte', 'petabyte'], factor: 2 ** 50 },
    ],
    fallback: BYTE,
  },
  {
    units: [
      { name: 'ns', aliases: ['ns', 'nanosecond'], factor: 1 },
      { name: 'us', aliases: ['μs', 'us', 'microsecond'], factor: 1e3 },
      { name: 'ms', aliases: ['ms', 'millisecond'], factor: 1e6 },
      { name: 's', aliases: ['s', 'sec', 'second'], factor: 1e9 },
      { name: 'hrs', aliases: ['hour', 'hr'], factor: 3600e9 },
    ],
    fallback: { name: 's', aliases: [], factor: 1e9 },
  },
];

function findUnit(family: UnitFamily, name: string): Unit | undefined {
  let alias = name.toLowerCase();
  if (alias.length > 2 && alias.endsWith('s')) alias = alias.slice(0, -1);
  return family.units.find((unit) => unit.aliases.includes(alias));
}

/** Does `--unit NAME` name a unit that bytes or times can be shown in? */
export function isKnownUnit(name: string): boolean {
  if (name === 'auto' || name === 'minimum') return true;
  return FAMILIES.some((family) => findUnit(family, name) !== undefined);
}

/** A value in another unit. `minimum` and `auto` take the largest unit in which it is at least 1. */
export function scaleValue(value: number, fromUnit: string, toUnit: string): { value: number; unit: string } {
  if (value < 0) {
    const positive = scaleValue(-value, fromUnit, toUnit);
    return { value: -positive.value, unit: positive.unit };
  }
  for (const family of FAMILIES) {
    const from = findUnit(family, fromUnit);
    if (from === undefined) continue;
    const base = value * from.factor;
    if (toUnit === 'minimum' || toUnit === 'auto') {
      let best: Unit | undefined;
      for (const unit of family.units) if (base / unit.factor >= 1) best = unit;
      best ??= family.fallback;
      return { value: base / best.factor, unit: best.name };
    }
    const to = findUnit(family, toUnit) ?? family.fallback;
    return { value: base / to.factor, unit: to.name };
  }
  const plain = ['count', 'sample', 'unit', 'minimum', 'auto'].includes(toUnit);
  return { value, unit: plain ? '' : toUnit };
}

/** Two decimals, ties to even as Go's %.2f rounds them; only multiples of 1/8 can be ties. */
function fixed2(value: number): string {
  const eighths = Math.abs(value) * 8;
  if (eighths % 2 === 1) {
    const hundredths = Math.floor(Math.abs(value) * 100);
    const even = hundredths % 2 === 0 ? hundredths : hundredths + 1;
    return `${value < 0 ? '-' : ''}${Math.floor(even / 100)}.${String(even % 100).padStart(2, '0')}`;
  }
  return value.toFixed(2);
}

/** `1051.69kB`, `0`, `79`: as pprof labels values; `.00` is dropped. */
export function formatScaled(value: number, fromUnit: string, toUnit: string): string {
  const scaled = scaleValue(value, fromUnit, toUnit);
  const text = fixed2(scaled.value).replace(/\.00$/, '');
  return text === '0' || text === '-0' ? '0' : text + scaled.unit;
}

/** Two significant digits as Go's %.2g prints them. */
function general2(value: number): string {
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(value));
  if (exponent < -4) {
    const [mantissa, power] = value.toExponential(1).split('e') as [string, string];
    const digits = power.slice(1).padStart(2, '0');
    return `${mantissa.replace(/\.0$/, '')}e${power[0]}${digits}`;
  }
  const text = value.toPrecision(2);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Share of a total as pprof prints it: six columns wide, no sign. */
export function formatPercent(value: number, total: number): string {
  const ratio = total === 0 ? 0 : Math.abs(value / total) * 100;
  if (ratio >= 99.95 && ratio <= 100.05) return '  100%';
  return `${(ratio >= 1 ? fixed2(ratio) : general2(ratio)).padStart(5)}%`;
}
