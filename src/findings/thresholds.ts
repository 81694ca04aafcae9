// In: nothing. Out: every number that decides whether a trace is worth a finding; `.gcbendrc.json` may set each of them.

export const DEFAULT_THRESHOLDS = {
  heapGrowth: {
    /** Growth below this, in MiB and as a share of the level it began at, is not worth a finding. */
    minGrowthMiB: 3,
    minGrowthShare: 0.05,
    /** A finding is critical when a known limit is nearer than this, seconds. */
    criticalSecondsLeft: 3600,
    /** So much of the growth must be gone again for it to have been given back. */
    givenBackShare: 0.5,
  },
  gcPressure: {
    /** Assist share above this while work per millisecond falls to `workShare` of its baseline, so many cycles in a row. */
    assistShare: 0.3,
    workShare: 0.5,
    cycles: 3,
    /** Cycles that make the baseline (median of the last ones that were not under pressure), and the fewest it takes. */
    baselineCycles: 64,
    minBaselineCycles: 5,
  },
  memoryLimit: {
    /** Goal over live heap at which cycles crowd, and how far it must have been above before. */
    ratio: 1.2,
    ratioFell: 1.25,
    /** The time between cycles has fallen to this share of what it was. */
    intervalShare: 0.34,
    /** Goal over live heap that no GOGC in use explains. */
    ratioAlone: 1.06,
    minCycles: 20,
    minSeconds: 2,
  },
  longPause: {
    /** One pause longer than this is told (ms); from `cycles` of them on it is a warning. */
    singleMs: 100,
    cycles: 3,
    /** So is a 99th percentile longer than this, ms. */
    p99Ms: 20,
    criticalMs: 1000,
  },
  regime: {
    /** Change of a level worth a finding, as a factor, for what causes and for what only follows. */
    causeFactor: 1.4,
    effectFactor: 1.8,
    /** The collector's share of the CPU has to change by more: other programs on the machine change it too. */
    machineFactor: 2.5,
    /** It has to last so long on both sides, seconds, and be so sure. */
    minSeconds: 8,
    minConfidence: 0.9,
    /** Bends of several signals nearer than this belong together, seconds and share of the run. */
    togetherSeconds: 3,
    togetherShare: 0.03,
    /** Share of the CPU from which collection is a burden, not a curiosity. */
    burdenGcCpu: 0.1,
  },
  health: {
    /** Where each part has lost half its points. */
    heapMiB: 2048,
    pauseMs: 5,
    blocksPerSecond: 100,
    windowSeconds: 10,
    /** Scores below these, so many windows in a row, are a finding. */
    warnScore: 50,
    criticalScore: 25,
    windows: 3,
  },
};

export type Thresholds = typeof DEFAULT_THRESHOLDS;

export type ThresholdOverrides = { [Rule in keyof Thresholds]?: Partial<Thresholds[Rule]> };

/** The defaults with some numbers replaced. */
export function withThresholds(overrides: ThresholdOverrides | undefined): Thresholds {
  const thresholds = structuredClone(DEFAULT_THRESHOLDS);
  for (const [rule, values] of Object.entries(overrides ?? {})) {
    Object.assign(thresholds[rule as keyof Thresholds], values);
  }
  return thresholds;
}
