// In: nothing. Out: what the envelope hands on: the text that was wrapped, and what its wrapper says of it.

const HEAD_BYTES = 320;

/** Whether a span looks like something gcbend reads: a trace line, the head of a dump. Must not throw. */
export type LooksLikeRecord = (bytes: Buffer, start: number, end: number) => boolean;

/** A span, and its first bytes as text for the patterns: read when first asked for. */
export class Text {
  bytes: Buffer;
  start: number;
  end: number;
  #head: string | undefined;

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
  | 'task'
  | 'numbered'
  | 'mark';
