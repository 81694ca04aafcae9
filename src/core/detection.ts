// In: options of the analysis. Out: the analysis, with its notes for a person. A third of gcbend's code follows this file: it is loaded only
// where something is to be derived.
import { Analysis } from '../findings/analysis.ts';
import type { Detection, DetectOptions } from './watching.ts';

export function createDetection({ note, ...options }: DetectOptions): Detection {
  return { analysis: new Analysis(options), note };
}
