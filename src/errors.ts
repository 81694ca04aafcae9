// In: a misuse or an I/O failure. Out: GcbendError, the only error that gcbend throws on purpose.
// Bad records in the input never come here: they are `malformed` events.

/** Stable codes: callers may switch on them. */
export type GcbendErrorCode =
  | 'USAGE'
  | 'INPUT_UNREADABLE'
  | 'INPUT_UNSUPPORTED'
  | 'NOTHING_RECOGNISED'
  | 'GRAMMAR_INVALID'
  | 'CONFIG_INVALID'
  | 'OUTPUT_FAILED'
  | 'STATE_INVALID'
  | 'ENDPOINT_FAILED'
  | 'CHILD_FAILED';

/** `message` says what was seen and why it is wrong; `hint` says what to try. */
export class GcbendError extends Error {
  readonly code: GcbendErrorCode;
  readonly hint: string | undefined;

  constructor(code: GcbendErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GcbendError';
    this.code = code;
    this.hint = options.hint;
  }
}
