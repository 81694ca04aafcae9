// In: lines of debug=2, runtime.Stack, panics, fatal errors and signal dumps. Out: one goroutines event.
// Source: runtime/traceback.go (goroutineheader, traceback2, printcreatedby), Go 1.0-1.26; `goroutine 7 [chan send, 3 minutes]:`
import type { GoroutinesEvent } from '../types.ts';
import { CrashText } from './crash-text.ts';
import { type DumpStart, startsDump } from './dump-start.ts';
import { toGoroutineEvent } from './goroutine-event.ts';
import { findInnerHeader, type Header, parseHeader, parseHeaderDetails } from './header.ts';
import {
  type BegunDump,
  DONE,
  type DumpMachine,
  type DumpOptions,
  FOREIGN,
  ForeignRun,
  TAKEN,
  utf8,
  type Verdict,
} from './machine.ts';
import { RecordBuilder } from './record-builder.ts';
import { isBareSymbol, isDumpNoise, looksCut, parseCall, parsePlace } from './stack-lines.ts';
import { StackTable, type Taken } from './stack-table.ts';

/** Lines between `panic:` and its goroutines that may be message text (to Go 1.22 they are not indented). */
const PROLOGUE_LIMIT = 64;

type State = 'prologue' | 'runtimeStack' | 'between' | 'record';

/** Leaves of goroutines in a system call; a goroutine that dumps has its dumper's caller there. */
const IN_SYSTEM_CALL = /^[ \t]*(?:(?:syscall|internal\/runtime\/syscall|runtime)\.|goroutine running on other thread)/;

export class StacksMachine implements DumpMachine {
  readonly #options: DumpOptions;
  readonly #line: number;
  readonly #indent: DumpStart['indent'];
  readonly #crash: CrashText;
  #table: StackTable | undefined;
  #state: State;
  #record: RecordBuilder | undefined;
  #tentative: { text: string; line: number } | undefined;
  #afterBlank = false;
  readonly #foreignRun = new ForeignRun();
  #foreignSeen = 0;
  #prologueLines = 0;
  readonly #inner: boolean;
  /** The line before, where it was none of the dump's. */
  #lastForeign: string | undefined;
  #hasGp: boolean | undefined;
  resumeOffset = 0;
  #ended = false;
  #truncated = false;
  /** After `-----`: further threads report, goroutines repeat. */
  #repeats = false;
  #awaitsSignal = false;
  /** A header that may begin another dump: the line behind it tells. */
  #undecided: (BegunDump & { header: Header }) | undefined;

  /** @param text the first line */
  constructor(start: DumpStart, text: string, line: number, options: DumpOptions) {
    this.#options = options;
    this.#line = line;
    this.#indent = start.indent;
    this.#inner = start.inner === true;
    this.#crash = new CrashText(start);
    this.#state = start.cause === 'debug' ? 'between' : 'prologue';
    this.#first(this.#unindent(text));
  }

  /** Made when there is a goroutine: many a log line looks like a crash. */
  get #goroutines(): StackTable {
    const { source, eachGoroutine, infrastructure } = this.#options;
    this.#table ??= new StackTable(
      infrastructure,
      eachGoroutine && ((counted, stack) => eachGoroutine(toGoroutineEvent(source, counted, stack))),
    );
    return this.#table;
  }

  get #total(): number {
    return this.#table?.total ?? 0;
  }

  line(bytes: Buffer, start: number, end: number, number: number): Verdict {
    const text = this.#unindent(bytes.toString('latin1', start, end));
    const isBlank = text === '' || text.trim() === '';
    if (isBlank && this.#undecided === undefined) return this.#blank();
    let verdict: Verdict;
    if (this.#undecided !== undefined) verdict = isBlank ? DONE : this.#decide(text, bytes, start, end, number);
    else if (this.#state === 'prologue') verdict = this.#prologueLine(text, bytes, start, end, number);
    else if (this.#state === 'runtimeStack') verdict = this.#runtimeStackLine(text, bytes, start, end, number);
    else verdict = this.#stackLine(text, bytes, start, end, number);
    this.#afterBlank = false;
    this.#lastForeign = undefined;
    if (verdict === FOREIGN) {
      this.#lastForeign = text;
      this.#foreignSeen++;
    }
    const orDone = this.#foreignRun.add(verdict);
    if (this.#state !== 'prologue') verdict = orDone;
    if (verdict === DONE) this.#ended = true;
    return verdict;
  }

  /** Takes whole, plain records without making a string of any line. */
  bulk(bytes: Buffer, from: number, to: number, number: number): Taken {
    if (this.#state !== 'between' || !this.#afterBlank || this.#repeats || this.#indent !== 'none')
      return { at: from, lines: 0 };
    const taken = this.#goroutines.read(bytes, from, to, number, this.#crash.cause === 'debug');
    if (taken.at > from) this.#foreignRun.add(TAKEN);
    return taken;
  }

  get begun(): BegunDump | undefined {
    return this.#undecided;
  }

  finish(): GoroutinesEvent | undefined {
    const event = this.#event();
    this.#table?.release();
    return event;
  }

  #event(): GoroutinesEvent | undefined {
    const record = this.#record;
    if (record !== undefined && !this.#ended && (record.isOpen || record.frames === 0)) this.#truncated = true;
    if (this.#lastForeign !== undefined && !this.#ended && looksCut(this.#lastForeign, this.#state === 'record'))
      this.#truncated = true;
    // A log line that ends like a header, and no stack after it.
    if (this.#inner && this.#total === 0 && record?.frames === 0) return undefined;
    this.#closeRecord();
    const quiet = this.#foreignSeen === 0 && !this.#ended;
    if (this.#total === 0 && !this.#truncated && !(this.#crash.proven || quiet)) return undefined;
    if (this.#total === 0 && this.#crash.cause === 'debug') return undefined;
    const event: GoroutinesEvent = {
      type: 'goroutines',
      schema: 1,
      source: this.#options.source,
      line: this.#line,
      debug: 2,
      total: this.#total,
      cause: this.#crash.cause,
      states: this.#table?.stacks.countStates() ?? {},
      groups: this.#table?.stacks.groups() ?? [],
    };
    if (this.#crash.message !== undefined) event.message = this.#crash.message;
    if (this.#truncated) event.truncated = true;
    return event;
  }

  #first(text: string): void {
    const header = this.#state === 'between' ? parseHeader(text.slice(Math.max(0, findInnerHeader(text)))) : undefined;
    if (header !== undefined) this.#openRecord(header, this.#line);
    else if (text.startsWith('runtime stack:')) this.#state = 'runtimeStack';
    else if (text.startsWith('runtime: ')) this.#crash.line(text);
  }

  #unindent(text: string): string {
    if (this.#indent === 'none') return text;
    if (this.#indent === 'tabs') return text.startsWith('\t') ? text.slice(1) : text;
    let at = 0;
    while (text.charCodeAt(at) === 32) at++;
    return text.slice(at);
  }

  #blank(): Verdict {
    if (this.#state === 'prologue') this.#crash.line('');
    if (this.#state === 'runtimeStack') this.#state = 'prologue';
    if (this.#state === 'record') {
      this.#closeRecord();
      this.#state = 'between';
    }
    this.#afterBlank = true;
    return TAKEN;
  }

  #prologueLine(text: string, bytes: Buffer, start: number, end: number, number: number): Verdict {
    if (this.#tentative !== undefined) {
      const held = this.#tentative;
      this.#tentative = undefined;
      if (parseCall(text) !== undefined || text.startsWith('\tgoroutine running on other thread')) {
        this.#openRecord(parseHeader(held.text)!, held.line);
        return this.#stackLine(text, bytes, start, end, number);
      }
      this.#crash.line(held.text);
    }
    const header = parseHeader(text);
    if (header !== undefined) {
      // Panic text may quote a header (forged or logged); the runtime's own stands after a blank line.
      if (this.#crash.cause === 'panic' && !this.#afterBlank) this.#tentative = { text, line: number };
      else this.#openRecord(header, number);
      return TAKEN;
    }
    if (text === 'runtime stack:') {
      this.#state = 'runtimeStack';
      return TAKEN;
    }
    const kind = this.#crash.line(text);
    if (kind === 'taken') return TAKEN;
    if (beginsAnother(bytes, start, end)) return DONE;
    if (kind === 'other') this.#crash.interrupt();
    this.#prologueLines++;
    if (/^exit status \d+$/.test(text)) {
      if (this.#foreignSeen === 0) this.#crash.confirm();
      return DONE;
    }
    return this.#prologueLines > PROLOGUE_LIMIT ? DONE : FOREIGN;
  }

  #runtimeStackLine(text: string, bytes: Buffer, start: number, end: number, number: number): Verdict {
    if (parseHeader(text) !== undefined) {
      this.#state = 'prologue';
      this.#afterBlank = true;
      return this.#prologueLine(text, bytes, start, end, number);
    }
    if (parseCall(text) !== undefined || isDumpNoise(text)) return TAKEN;
    if (/^\s/.test(text) && parsePlace(text.trim()) !== undefined) return TAKEN;
    return FOREIGN;
  }

  #stackLine(text: string, bytes: Buffer, start: number, end: number, number: number): Verdict {
    const first = text.charCodeAt(0);
    const inner = findInnerHeader(text);
    if (inner > 0) {
      // The next dump, directly behind the place where this one was cut, or behind the start of a log line.
      this.resumeOffset = inner + (end - start - text.length);
      if (this.#record?.hasCall === true || looksCut(text.slice(0, inner), this.#state === 'record'))
        this.#truncated = true;
      return DONE;
    }
    if (first === 9 || first === 32) {
      if (this.#record?.indentedLine(text.trim()) === true) return TAKEN;
      return isDumpNoise(text) ? TAKEN : FOREIGN;
    }
    // With `go test`'s blanks taken off, a place may have lost its own white space too.
    if (this.#indent === 'blanks' && this.#record?.hasCall === true && this.#record.indentedLine(text)) return TAKEN;
    const header = parseHeader(text);
    if (header !== undefined) return this.#header(header, bytes, start, end, number);
    if (text === '-----') {
      this.#closeRecord();
      this.#state = 'between';
      this.#repeats = true;
      this.#awaitsSignal = true;
      return TAKEN;
    }
    if (this.#repeats && /^SIG[A-Z]+: /.test(text)) {
      // The signal of the next thread stands behind a row of dashes; without it, it is that of another process.
      if (!this.#awaitsSignal) return DONE;
      this.#awaitsSignal = false;
      return TAKEN;
    }
    if (this.#repeats && this.#crash.line(text) === 'taken') return TAKEN;
    if (this.#record?.marginLine(text) === true) return TAKEN;
    if (isDumpNoise(text)) return TAKEN;
    if (beginsAnother(bytes, start, end)) return DONE;
    if (this.#record !== undefined && isBareSymbol(text)) {
      this.#record.holdBareSymbol(text);
      return TAKEN;
    }
    return FOREIGN;
  }

  #header(header: Header, bytes: Buffer, start: number, end: number, number: number): Verdict {
    const { state } = parseHeaderDetails(header.details);
    const known = header.id !== 0 && this.#goroutines.hasId(header.id);
    const another = this.#total > 0 || this.#record !== undefined;
    const hasGp = header.gp !== '';
    this.#hasGp ??= hasGp;
    if (another && this.#repeats && hasGp !== this.#hasGp) return DONE;
    if (another && !this.#repeats && known) {
      if (this.#record?.isOpen === true) this.#truncated = true;
      return DONE;
    }
    if (another && !this.#repeats && this.#mayStartAnotherDump(state, hasGp)) {
      this.#undecided = { bytes: Buffer.from(bytes.subarray(start, end)), line: number, header };
      return TAKEN;
    }
    this.#closeRecord();
    this.#openRecord(header, number);
    return TAKEN;
  }

  /**
   * debug=2 and runtime.Stack stop the world: only the goroutine that dumps is `running`, and it comes first. Since Go 1.26 one that
   * enters or leaves a system call is `running`, too.
   */
  #mayStartAnotherDump(state: string, hasGp: boolean): boolean {
    return state === 'running' && !hasGp && this.#crash.cause === 'debug';
  }

  /** The line behind a header that may begin another dump. */
  #decide(text: string, bytes: Buffer, start: number, end: number, number: number): Verdict {
    const { header, line } = this.#undecided!;
    if (IN_SYSTEM_CALL.test(text)) {
      this.#undecided = undefined;
      this.#closeRecord();
      this.#openRecord(header, line);
      return this.#stackLine(text, bytes, start, end, number);
    }
    if (parseCall(text) === undefined && startsDump(bytes, start, end) === undefined) return FOREIGN;
    if (this.#record?.isOpen === true) this.#truncated = true;
    return DONE;
  }

  #openRecord(header: Header, line: number): void {
    this.#crash.confirm();
    this.#hasGp ??= header.gp !== '';
    const table = this.#goroutines;
    const meta = table.readHeader(utf8(header.details));
    this.#record = new RecordBuilder(header.id, line, meta, header.id !== 0 && !table.addId(header.id));
    this.#state = 'record';
  }

  #closeRecord(): void {
    const record = this.#record;
    if (record === undefined) return;
    record.close();
    this.#record = undefined;
    if (!record.repeated) this.#goroutines.take(record);
  }
}

/** A panic, a signal, a count profile or a race report: the text of another event. */
function beginsAnother(bytes: Buffer, start: number, end: number): boolean {
  const other = startsDump(bytes, start, end);
  return other !== undefined && !(other.kind === 'stacks' && other.cause === 'debug');
}
