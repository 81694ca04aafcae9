// In: events. Out: an OpenMetrics 1.0 exposition of the result: counters, gauges and pause quantiles per process, ending in `# EOF`.
import { cleanText } from '../events/clean-text.ts';
import { type ProcessResult, Results } from './results.ts';
import type { EventSink } from './types.ts';

type Labels = Record<string, string | number>;

interface Family {
  name: string;
  type: 'counter' | 'gauge' | 'summary';
  unit?: 'bytes' | 'seconds' | 'ratio';
  help: string;
  /** Suffix, labels and value of each sample. */
  samples: { suffix: string; labels: Labels; value: number }[];
}

const MIB = 1048576;
const QUANTILES = [
  ['0.5', 'p50'],
  ['0.9', 'p90'],
  ['0.99', 'p99'],
  ['0.999', 'p999'],
  ['1.0', 'max'],
] as const;

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const text = cleanText(String(value)).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    return `${name}="${text}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(Number(value.toPrecision(12))) : value > 0 ? '+Inf' : '-Inf';
}

function familyText(family: Family): string {
  if (family.samples.length === 0) return '';
  const unit = family.unit === undefined ? '' : `# UNIT ${family.name} ${family.unit}\n`;
  const samples = family.samples.map(
    ({ suffix, labels, value }) => `${family.name}${suffix}${labelText(labels)} ${numberText(value)}\n`,
  );
  return `# TYPE ${family.name} ${family.type}\n${unit}# HELP ${family.name} ${family.help}\n${samples.join('')}`;
}

/** A family with one sample a process; processes whose Go version does not print the value are left out. */
function perProcess(
  base: Omit<Family, 'samples'>,
  processes: readonly ProcessResult[],
  read: (stats: NonNullable<ProcessResult['stats']>) => number | undefined,
): Family {
  const suffix = base.type === 'counter' ? '_total' : '';
  const samples = processes.flatMap(({ process, source, stats }) => {
    const value = stats === undefined ? undefined : read(stats);
    return value === undefined ? [] : [{ suffix, labels: { process, source }, value }];
  });
  return { ...base, samples };
}

function pauseFamily(processes: readonly ProcessResult[]): Family {
  const samples = processes.flatMap(({ process, source, stats }) => {
    const pauses = stats?.pausesMs;
    if (pauses === undefined || stats === undefined) return [];
    const labels = { process, source };
    return [
      ...QUANTILES.map(([quantile, key]) => ({
        suffix: '',
        labels: { ...labels, quantile },
        value: pauses.total[key] / 1000,
      })),
      { suffix: '_count', labels, value: pauses.count },
      { suffix: '_sum', labels, value: pauses.sum / 1000 },
    ];
  });
  const help = 'Stop-the-world pauses of a cycle, both parts together.';
  return { name: 'gcbend_pause_seconds', type: 'summary', unit: 'seconds', help, samples };
}

function familiesOf(results: Results): Family[] {
  const processes = results.processes();
  const gauge = (name: string, unit: Family['unit'], help: string) =>
    ({ name, type: 'gauge', help, ...(unit === undefined ? {} : { unit }) }) as const;
  const counter = (name: string, help: string) => ({ name, type: 'counter', help }) as const;
  const families: Family[] = [
    perProcess(counter('gcbend_cycles', 'Collections seen.'), processes, (s) => s.cycles),
    perProcess(
      counter('gcbend_forced_cycles', 'Collections that the program forced.'),
      processes,
      (s) => s.forcedCycles,
    ),
    perProcess(gauge('gcbend_heap_live_bytes', 'bytes', 'Heap after the last marking.'), processes, (s) =>
      mib(s.heapLiveMiB?.last),
    ),
    perProcess(gauge('gcbend_heap_live_max_bytes', 'bytes', 'Largest heap after marking.'), processes, (s) =>
      mib(s.heapLiveMiB?.max),
    ),
    perProcess(gauge('gcbend_heap_goal_bytes', 'bytes', 'Heap size at which the next cycle starts.'), processes, (s) =>
      mib(s.heapGoalMiB?.last),
    ),
    perProcess(gauge('gcbend_allocation_bytes_per_second', undefined, 'Mean allocation rate.'), processes, (s) =>
      mib(s.allocatedMiBPerSecond),
    ),
    perProcess(
      gauge('gcbend_gc_cpu_ratio', 'ratio', 'Share of the processors that collection took.'),
      processes,
      (s) => s.gcCpuShare,
    ),
    perProcess(
      gauge('gcbend_assist_ratio', 'ratio', 'Share of the marking done by assists.'),
      processes,
      (s) => s.assistShare,
    ),
    pauseFamily(processes),
  ];
  const bends = new Map<string, { labels: Labels; value: number }>();
  for (const { process, source, inflections } of processes) {
    for (const { signal, kind } of inflections) {
      const labels = { process, source, signal, kind };
      const key = JSON.stringify(labels);
      const known = bends.get(key);
      if (known === undefined) bends.set(key, { labels, value: 1 });
      else known.value++;
    }
  }
  families.push({
    ...gauge('gcbend_inflections', undefined, 'Bends found, by signal and kind.'),
    samples: [...bends.values()].map((sample) => ({ suffix: '', ...sample })),
  });
  const found = new Map<string, { labels: Labels; value: number }>();
  for (const { rule, severity, process } of results.findings()) {
    const labels: Labels = { ...(process === undefined ? {} : { process }), rule, severity };
    const key = JSON.stringify(labels);
    const known = found.get(key);
    if (known === undefined) found.set(key, { labels, value: 1 });
    else known.value++;
  }
  families.push({
    ...gauge('gcbend_findings', undefined, 'Findings that stand, by rule and severity.'),
    samples: [...found.values()].map((sample) => ({ suffix: '', ...sample })),
  });
  const single = (name: string, help: string, value: number | undefined, unit?: Family['unit']): void => {
    if (value === undefined) return;
    families.push({ ...gauge(name, unit, help), samples: [{ suffix: '', labels: {}, value }] });
  };
  single('gcbend_goroutines', 'Goroutines in the last dump.', results.goroutines?.total);
  single(
    'gcbend_heap_in_use_bytes',
    'In use in the last heap text, scaled for sampling.',
    results.heap?.inUse.bytes,
    'bytes',
  );
  single('gcbend_health_score', 'Health of the last window, 100 is healthy.', results.health?.score);
  families.push({
    ...counter('gcbend_malformed_records', 'Records that could not be read.'),
    samples: [{ suffix: '_total', labels: {}, value: results.counts['malformed'] ?? 0 }],
  });
  return families;
}

function mib(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * MIB;
}

/** One exposition, written at the end. */
export function createOpenMetricsSink(): EventSink {
  const results = new Results();
  return {
    push(event) {
      results.push(event);
      return undefined;
    },
    finish: () => `${familiesOf(results).map(familyText).join('')}# EOF\n`,
  };
}
