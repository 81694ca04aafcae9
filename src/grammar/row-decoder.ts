// In: the numbers of a line, as RunReader reads them. Out: its event, the same that decoding the line gives.

import type { Shape } from './grammar-set.ts';

/** A member that each event has of its own; the others are the same in all. */
interface Member {
  key: string;
  hole: number;
}

interface Part {
  /** All members in their order, the numbers those of the last row. */
  members: Record<string, unknown>;
  numbers: Member[];
}

interface Template extends Part {
  groups: (Part & { name: string })[];
}

/** Fills numbers into an event that is there already, and copies it whole: one that grows member by member costs many times as much. */
export class RowDecoder {
  readonly #shape: Shape;
  readonly #head: Record<string, unknown>;
  readonly #flags: number[];
  /** By the flags that stand in the line, one bit each. */
  readonly #templates: (Template | undefined)[] = [];

  /** @param head members that come before the fields */
  constructor(shape: Shape, head: Record<string, unknown>) {
    this.#shape = shape;
    this.#head = head;
    this.#flags = shape.fields.flatMap((field, hole) => (field.type === 'flag' ? [hole] : []));
  }

  /** The event of the values from `row`. */
  decode(values: Float64Array, row: number): Record<string, unknown> {
    const event = { ...this.read(values, row) };
    for (const { name } of this.#templateOf(values, row).groups) event[name] = { ...(event[name] as object) };
    return event;
  }

  /** The same in an object that is used again by the next call. */
  read(values: Float64Array, row: number): Record<string, unknown> {
    const template = this.#templateOf(values, row);
    fill(template, values, row);
    for (const group of template.groups) fill(group, values, row);
    return template.members;
  }

  #templateOf(values: Float64Array, row: number): Template {
    let present = 0;
    for (const hole of this.#flags) present = 2 * present + values[row + hole]!;
    this.#templates[present] ??= this.#makeTemplate(values, row);
    return this.#templates[present]!;
  }

  #makeTemplate(values: Float64Array, row: number): Template {
    const template: Template = { members: { ...this.#head }, numbers: [], groups: [] };
    for (const { group: name, key, hole, field, value } of this.#shape.plan.members) {
      let part: Part = template;
      if (name !== undefined) {
        const group = template.groups.find((other) => other.name === name) ?? { name, members: {}, numbers: [] };
        if (!template.groups.includes(group)) template.groups.push(group);
        template.members[name] = group.members;
        part = group;
      }
      if (field === undefined) part.members[key] = value;
      else if (field.type !== 'flag') {
        part.members[key] = 0;
        part.numbers.push({ key, hole });
      } else {
        const flag = values[row + hole] === 1 ? true : field.otherwise;
        if (flag !== undefined) part.members[key] = flag;
      }
    }
    return template;
  }
}

function fill({ members, numbers }: Part, values: Float64Array, row: number): void {
  for (const { key, hole } of numbers) members[key] = values[row + hole];
}
