// In: nothing. Out: what the envelope hands on: the text that was wrapped, and what its wrapper says of it.

import { parseJson } from './json.ts';

const HEAD_BYTES = 320;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
/** White space, a comma, the bracket that ends a list. */
const LIST_END = Buffer.from(' \t,]');

/** Whether a span looks like something gcbend reads: a trace line, the head of a dump. Must not throw. */
export type LooksLikeRecord = (bytes: Buffer, start: number, end: number) => boolean;

/** What tells texts that are worth while to be unwrapped. */
export interface Recognisers {
  /** Weak wrappers (a bare timestamp, say) are only believed when a record stands behind them. */
  looksLikeRecord: LooksLikeRecord;
  /** A record begins there that does not end. */
  looksCut: LooksLikeRecord;
  /** Quick: false for most of what is no record. */
  mayHoldRecord: (text: string) => boolean;
}

/** A span, and what takers read of it: read once, when first asked for. */
export class Text {
  bytes: Buffer;
  start: number;
  end: number;
  #head: string | undefined;
  #json: unknown;
  #isParsed = false;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** One character a byte. Longer prefixes are nobody's. */
  get head(): string {
    this.#head ??= this.bytes.toString('latin1', this.start, Math.min(this.end, this.start + HEAD_BYTES));
    return this.#head;
  }

  /** The object, also where it is a line of a list of them, or the list; undefined when it is neither. */
  get json(): unknown {
    if (this.#isParsed) return this.#json;
    this.#isParsed = true;
    const { bytes, start, end } = this;
    const isList = bytes[start] === OPEN_BRACKET;
    const from = isList ? start + 1 : start;
    let to = end;
    while (to > from && LIST_END.includes(bytes[to - 1]!)) to--;
    if (bytes[from] === OPEN_BRACE && bytes[to - 1] === CLOSE_BRACE) this.#json = parseJson(bytes, from, to);
    if (isList && this.#json === undefined) this.#json = parseJson(bytes, start, end);
    return this.#json;
  }
}

/** Takes one kind of wrapper off. */
export interface Taker {
  /** Other wrappers may stand inside. */
  nests: boolean;
  /** Undefined when the text is not wrapped so. */
  take(text: Text): Layer | undefined;
  /** The same wrapper where the message stands in a place that only this text tells: tried after it. */
  variants?(text: Text): readonly Taker[];
}

/** What one layer took off. */
export interface Layer {
  kind: EnvelopeKind;
  /** What was wrapped; its bytes may be a buffer of the layer's own. */
  text: Text;
  /** As the wrapper prints it; `toIsoTime` reads it. */
  time: string | undefined;
  identity: string | undefined;
  stream: 'stdout' | 'stderr' | undefined;
  /** The line goes on in the wrapper's next record. */
  partial: boolean;
  /** Unmistakable: believed without a record inside. */
  strong: boolean;
  /** None of the text stands in the line as it is: it has to be searched again. */
  hidden?: true;
}

export type EnvelopeKind =
  | 'docker-json'
  | 'cri'
  | 'journald-json'
  | 'journald-fields'
  | 'teamcity'
  | 'go-test-json'
  | 'json'
  | 'logfmt'
  | 'gitlab'
  | 'github'
  | 'compose'
  | 'pm2'
  | 'fluentd'
  | 'kubectl'
  | 'stern'
  | 'syslog-5424'
  | 'syslog-3164'
  | 'logcat'
  | 'klog'
  | 'logrus-terminal'
  | 'go-test'
  | 'indent'
  | 'timestamp'
  | 'brackets'
  | 'loki'
  | 'quoted'
  | 'tai64n'
  | 'supervisor'
  | 'buildkit'
  | 'fly'
  | 'podman'
  | 'elapsed'
  | 'level'
  | 'bamboo'
  | 'task'
  | 'numbered'
  | 'mark';
