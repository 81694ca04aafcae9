// In: whatever was thrown. Out: what a person reads on stderr: what was seen, why it is wrong, what to try.
import { GcbendError } from '../errors.ts';
import { exitStatus } from './exit-status.ts';

export function statusOfError(error: unknown): number {
  const isEmpty = error instanceof GcbendError && error.code === 'NOTHING_RECOGNISED';
  return isEmpty ? exitStatus.nothingRecognised : exitStatus.misuse;
}

export function explainError(error: unknown): string {
  if (error instanceof GcbendError) {
    return `gcbend: ${error.message}\n${error.hint === undefined ? '' : `  try: ${error.hint}\n`}`;
  }
  // Anything else is a defect of gcbend: the stack is what a report needs.
  return `gcbend: internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
