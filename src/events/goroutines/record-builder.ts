// In: lines of one goroutine's stack after its header. Out: the key that the stack table knows it by, and what stands beside the stack.
// Only records that are not whole or not plain come this way. Source: runtime/traceback.go; `main.f(0x1)`, then `\t/app/main.go:80 +0x28`
import type { HeaderMeta } from './header-table.ts';
import { CALL, CREATOR, ELIDED } from './stack-engine.ts';
import { parseCall, parseCgoPlace, parseCreatedBy, parseElided, parsePlace } from './stack-lines.ts';

/** A frame, a creator, or frames left out: how many never splits a group. Texts are latin1. */
export interface StackEntry {
  readonly kind: typeof CALL | typeof CREATOR | typeof ELIDED;
  readonly name: string;
  /** FILE:LINE or empty. */
  place: string;
  /** Printed with `(...)`. */
  readonly inlined: boolean;
}

export class RecordBuilder {
  readonly id: number;
  /** Line of the header. */
  readonly line: number;
  readonly meta: HeaderMeta;
  /** Stands a second time in a GOTRACEBACK=crash text. */
  readonly repeated: boolean;
  readonly entries: StackEntry[] = [];
  /** Frames, and signs that there are none to be had. */
  frames = 0;
  creator = 0;
  elided = 0;
  /** `[originating from goroutine N]:`, then function, tab + place, ... */
  ancestors: string[] | undefined;
  #call: { name: string; inlined: boolean } | undefined;
  #bare: string | undefined;
  #creatorOpen = false;
  #created: StackEntry | undefined;

  constructor(id: number, line: number, meta: HeaderMeta, repeated: boolean) {
    this.id = id;
    this.line = line;
    this.meta = meta;
    this.repeated = repeated;
  }

  /** A call or creator whose place has not come yet. */
  get isOpen(): boolean {
    return this.#call !== undefined || this.#creatorOpen;
  }

  get hasCall(): boolean {
    return this.#call !== undefined;
  }

  /** A C function's name alone on its line; it counts when a `pc=` line follows. */
  holdBareSymbol(text: string): void {
    this.#bare = text;
  }

  /** A line that began with white space, taken off. False: it is no part of a stack. */
  indentedLine(content: string): boolean {
    if (content === 'goroutine running on other thread; stack unavailable') {
      this.frames++;
      return true;
    }
    const cgoPlace = this.#bare === undefined ? undefined : parseCgoPlace(content);
    if (this.#bare !== undefined && cgoPlace !== undefined) {
      this.#pushFrame(this.#bare, cgoPlace, false);
      this.#bare = undefined;
      return true;
    }
    const place = parsePlace(content);
    if (place === undefined) return false;
    if (this.#call !== undefined) {
      this.#pushFrame(this.#call.name, place, this.#call.inlined);
      this.#call = undefined;
      return true;
    }
    if (!this.#creatorOpen) return false;
    this.#creatorOpen = false;
    if (this.ancestors !== undefined) this.ancestors.push(`\t${place}`);
    else if (this.#created !== undefined) this.#created.place = place;
    return true;
  }

  /** A line at the margin. False: it is no part of a stack. */
  marginLine(text: string): boolean {
    const call = parseCall(text);
    if (call !== undefined) {
      this.close();
      this.#call = call;
      return true;
    }
    const created = parseCreatedBy(text);
    if (created !== undefined) {
      this.close();
      this.#creatorOpen = true;
      if (this.ancestors !== undefined) {
        this.ancestors.push(`created by ${created.name}`);
        return true;
      }
      this.#created = { kind: CREATOR, name: created.name, place: '', inlined: false };
      this.entries.push(this.#created);
      this.creator = created.goroutine;
      return true;
    }
    const elided = parseElided(text);
    if (elided !== undefined) {
      this.close();
      if (this.ancestors === undefined) {
        this.entries.push({ kind: ELIDED, name: '...', place: '', inlined: false });
        this.elided += Math.max(elided, 1);
      }
      return true;
    }
    if (/^\[originating from goroutine \d+\]:$/.test(text)) {
      this.close();
      this.ancestors ??= [];
      this.ancestors.push(text);
      return true;
    }
    if (/^non-Go function at pc=0x[0-9a-f]+$/.test(text)) {
      this.close();
      this.#pushFrame('non-Go function', '', false);
      return true;
    }
    return false;
  }

  /** A call whose place was lost is a frame all the same. */
  close(): void {
    this.#bare = undefined;
    this.#creatorOpen = false;
    if (this.#call === undefined) return;
    this.#pushFrame(this.#call.name, '', this.#call.inlined);
    this.#call = undefined;
  }

  #pushFrame(name: string, place: string, inlined: boolean): void {
    if (this.ancestors === undefined) {
      this.entries.push({ kind: CALL, name, place, inlined });
      this.frames++;
      return;
    }
    this.ancestors.push(name);
    if (place !== '') this.ancestors.push(`\t${place}`);
  }
}
