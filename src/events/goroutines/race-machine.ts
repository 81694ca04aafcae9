// In: lines of a data race report. Out: a goroutines event with the goroutines that it names.
// Source: compiler-rt's tsan_report.cpp (Go part); `Previous write at 0x00c0000f8028 by main goroutine:`
import type { CreatedBy, Frame, GoroutineGroup, GoroutinesEvent } from '../types.ts';
import { groupId } from './describe.ts';
import { DONE, type DumpMachine, type DumpOptions, FOREIGN, ForeignRun, TAKEN, utf8, type Verdict } from './machine.ts';
import { unescapeName } from './names.ts';
import { isSymbol, parsePlace } from './stack-lines.ts';

const ACCESS =
  /^((?:Previous )?(?:atomic )?(?:read|write)|(?:Read|Write|Atomic read|Atomic write))( at 0x[0-9a-f]+) by (?:goroutine (\d+)|main goroutine)( .*)?:$/;
const CREATED = /^(?:Goroutine (\d+)|Main goroutine)(?: \((running|finished)\))? created at:$/;
const OTHER_SECTION = /^(?:Mutex M?\d+ .*created at|As if synchronized via|Location is .*|Heap block .*):?$/;

interface RaceGoroutine {
  id: number;
  state: string;
  access: string;
  stack: Frame[];
  creation: Frame[];
}

export class RaceMachine implements DumpMachine {
  readonly #options: DumpOptions;
  readonly #line: number;
  readonly #goroutines: RaceGoroutine[] = [];
  #target: Frame[] | undefined;
  #pending: string | undefined;
  #ended = false;
  readonly #foreignRun = new ForeignRun();

  constructor(line: number, options: DumpOptions) {
    this.#line = line;
    this.#options = options;
  }

  line(bytes: Buffer, start: number, end: number): Verdict {
    if (this.#ended) return DONE;
    return this.#foreignRun.add(this.#take(bytes.toString('latin1', start, end).trim()));
  }

  finish(): GoroutinesEvent | undefined {
    if (this.#goroutines.length === 0) return undefined;
    const groups: GoroutineGroup[] = [];
    const states: Record<string, number> = {};
    for (const one of this.#goroutines) {
      const [first] = one.creation;
      const createdBy: CreatedBy | undefined = first === undefined ? undefined : { ...first };
      states[one.state] = (states[one.state] ?? 0) + 1;
      const id = groupId(one.state, one.stack, createdBy);
      const same = groups.find((group) => group.id === id);
      if (same !== undefined) {
        same.count++;
        same.sampleIds?.push(one.id);
        same.sampleIds?.sort((a, b) => a - b);
        continue;
      }
      const group: GoroutineGroup = { id, count: 1, state: one.state, stack: one.stack, sampleIds: [one.id] };
      if (createdBy !== undefined) group.createdBy = createdBy;
      groups.push(group);
    }
    const event: GoroutinesEvent = {
      type: 'goroutines',
      schema: 1,
      source: this.#options.source,
      line: this.#line,
      debug: 2,
      total: this.#goroutines.length,
      cause: 'race',
      message: `DATA RACE: ${this.#goroutines.map((one) => one.access).join(', ')}`,
      states,
      groups,
    };
    if (!this.#ended) event.truncated = true;
    return event;
  }

  #take(text: string): Verdict {
    if (text === '') {
      this.#target = undefined;
      return TAKEN;
    }
    if (/^={18}$/.test(text)) {
      this.#ended = true;
      return TAKEN;
    }
    const access = ACCESS.exec(text);
    if (access !== null) {
      const id = access[3] === undefined ? 1 : Number(access[3]);
      const who = access[3] === undefined ? 'main goroutine' : `goroutine ${id}`;
      const goroutine = { id, state: 'running', access: `${access[1]}${access[2]} by ${who}`, stack: [], creation: [] };
      this.#goroutines.push(goroutine);
      this.#target = goroutine.stack;
      return TAKEN;
    }
    const created = CREATED.exec(text);
    if (created !== null) {
      const id = created[1] === undefined ? 1 : Number(created[1]);
      const goroutine = this.#goroutines.find((one) => one.id === id);
      if (goroutine !== undefined && created[2] !== undefined) goroutine.state = created[2];
      this.#target = goroutine?.creation ?? [];
      return TAKEN;
    }
    if (OTHER_SECTION.test(text)) {
      this.#target = [];
      return TAKEN;
    }
    // Another report.
    if (text === 'WARNING: DATA RACE') return DONE;
    if (this.#target === undefined) return FOREIGN;
    if (text === '[failed to restore the stack]') return TAKEN;
    const call = /^(.+)\(\)$/.exec(text);
    if (call !== null && isSymbol(call[1]!)) {
      this.#pending = call[1]!;
      return TAKEN;
    }
    const place = this.#pending === undefined ? undefined : parsePlace(text);
    if (place === undefined) return FOREIGN;
    const colon = place.lastIndexOf(':');
    this.#target.push({
      function: unescapeName(utf8(this.#pending!)),
      file: utf8(place.slice(0, colon)),
      line: Number(place.slice(colon + 1)),
    });
    this.#pending = undefined;
    return TAKEN;
  }
}
