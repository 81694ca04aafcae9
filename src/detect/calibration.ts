// In: evidence and length of a series. Out: how often a bend with that evidence is real, measured on simulations.

/** Logistic in ln(evidence / ln N); coefficients fitted by bench/detect/calibrate.ts. */
const CONFIDENCE_AT_ONE = -2.2;
const CONFIDENCE_SLOPE = 2.6;

export function confidenceOf(evidence: number, n: number): number {
  const z = CONFIDENCE_AT_ONE + CONFIDENCE_SLOPE * Math.log(Math.max(evidence, 1e-9) / Math.log(Math.max(n, 20)));
  return 1 / (1 + Math.exp(-z));
}

/** Standard errors each side of a slope that cover 95 % in simulations (1.96 covered 86 %). */
export const SLOPE_REACH = 2.6;
