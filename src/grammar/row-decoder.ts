// In: the numbers of a line, as RunReader reads them. Out: its event, the same that decoding the line gives.

import type { Shape } from './grammar-set.ts';

/** A member that each event has of its own; the others are the same in all. */
interface Member {
  key: string;
  hole: number;
}

interface Part {
  /** All members in their order, the numbers 0. */
  members: Record<string, unknown>;
  numbers: Member[];
}

interface Template extends Part {
  groups: (Part & { name: string })[];
}

/**
 * Makes events by copying one and filling in its numbers: an object that is copied whole costs a fraction of one that grows member by
 * member.
 */
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
    let present = 0;
    for (const hole of this.#flags) present = 2 * present + values[row + hole]!;
    this.#templates[present] ??= this.#makeTemplate(values, row);
    const template = this.#templates[present]!;
    const event = fill(template, values, row);
    for (const group of template.groups) event[group.name] = fill(group, values, row);
    return event;
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

function fill({ members, numbers }: Part, values: Float64Array, row: number): Record<string, unknown> {
  const copy = { ...members };
  for (const { key, hole } of numbers) copy[key] = values[row + hole];
  return copy;
}
