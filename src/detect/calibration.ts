// In: what is known of a bend. Out: how often such a bend is real, measured on simulations by bench/detect/calibrate.ts.

import type { BendKind } from './types.ts';

/** What tells real bends from the rest: evidence (log, against ln n), a step, the number of bends beside it. */
export function confidenceFeatures(evidence: number, n: number, kind: BendKind, bends: number): number[] {
  const strength = Math.log(1 + evidence / Math.log(Math.max(n, 20)));
  const step = kind === 'step-up' || kind === 'step-down' || kind === 'decline' ? 1 : 0;
  return [1, Math.min(strength, STRENGTH_ENOUGH), step, Math.log(bends)];
}

/** Beyond this more evidence tells nothing: what is wrong then is the model. */
const STRENGTH_ENOUGH = 5;
/** Logistic regression on the features, 16 seeds of both simulators (696 bends). */
const WEIGHTS = [-0.54, 1.03, -2.53, -2.0];
const HIGHEST = 0.99;

export function confidenceOf(evidence: number, n: number, kind: BendKind, bends: number): number {
  const z = confidenceFeatures(evidence, n, kind, bends).reduce((s, v, i) => s + v * WEIGHTS[i]!, 0);
  return Math.min(HIGHEST, 1 / (1 + Math.exp(-z)));
}

/** A bend less likely than this is better not told: it would be wrong more than two times in three. */
const LEAST_CONFIDENCE = 0.3;

/** Many true bends in one series lower each other's confidence: evidence that no more could be added to stands by itself. */
export function isWorthTelling({ confidence, evidence }: { confidence: number; evidence: number }, n: number): boolean {
  return confidence >= LEAST_CONFIDENCE || evidence > Math.exp(STRENGTH_ENOUGH) * Math.log(Math.max(n, 20));
}

/** Standard errors each side of a slope that cover 95 % in simulations (1.96 covered 86 %). */
export const SLOPE_REACH = 2.6;
/** How much dearer (in sigma^2 kappa) a place may be and still be believed; chi-square(1) alone, 3.84, covered 87 %. */
export const PLACE_REACH = 12;
