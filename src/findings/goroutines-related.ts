// In: families that were judged to grow. Out: causes: families that one bug makes grow together are one.
// Two goroutines that wait for each other, a parent that waits for its children, a client that waits for a stuck handler grow in step.
import { isStandard } from '../events/goroutines/index.ts';
import type { Family, FamilyMember } from './goroutines-families.ts';
import type { Growth } from './goroutines-growth.ts';
import { type Operation, operationOf } from './goroutines-words.ts';

/** A family with what was found of it. */
export interface Grown {
  family: Family;
  growth: Growth;
  /** The member to be named: in own code, most goroutines now. */
  named: FamilyMember;
  operation: Operation;
  count: number;
}

export interface Cause extends Grown {
  /** Families that grow in step with it and belong to it. */
  also: Grown[];
}

export function describeGrown(family: Family, growth: Growth, last: number): Grown {
  const present = family.members.filter((member) => member.history.lastSeen === last);
  const members = present.length > 0 ? present : family.members;
  const named = members.reduce((best, member) => (rank(member) > rank(best) ? member : best));
  return { family, growth, named, operation: operationOf(named.history.group), count: growth.counts.at(-1) ?? 0 };
}

function rank(member: FamilyMember): number {
  return member.history.group.count + (member.site.ownStack ? 1e9 : member.site.own ? 1e8 : 0);
}

/** Who waits at a channel or lock of its own is nearer to the cause than who waits for the end of work or inside a library. */
function weight(one: Grown): number {
  const { site, history } = one.named;
  const first = history.group.stack.findIndex((frame) => !isStandard(frame.function));
  const within = history.group.stack
    .slice(0, Math.max(0, first))
    .some((frame) => /^(?:net|database)[/.]/.test(frame.function));
  const waitsForOthers = within || one.operation === 'wait-group' || one.operation === 'network';
  return (site.ownStack ? 2 : site.own ? 1 : 0) + (waitsForOthers ? 0 : 0.5);
}

export function mergeRelated(grown: readonly Grown[]): Cause[] {
  const sorted = [...grown].sort((a, b) => weight(b) - weight(a) || b.count - a.count);
  const causes: Cause[] = [];
  for (const one of sorted) {
    const cause = causes.find((other) => related(other, one) && inStep(other.growth.counts, one.growth.counts));
    if (cause === undefined) causes.push({ ...one, also: [] });
    else cause.also.push(one);
  }
  return causes;
}

function related(a: Grown, b: Grown): boolean {
  const first = a.named.site;
  const second = b.named.site;
  // Stacks without own frames grow with what causes them (connections of a stuck handler, callers of a library).
  if (!first.ownStack || !second.ownStack) return true;
  if (first.createdBy !== undefined && first.createdBy.function === second.createdBy?.function) return true;
  if (runsIn(a, second.createdBy?.function) || runsIn(b, first.createdBy?.function)) return true;
  return isNested(first.entry?.function, second.entry?.function);
}

function runsIn(one: Grown, name: string | undefined): boolean {
  if (name === undefined) return false;
  return one.named.history.group.stack.some((frame) => frame.function === name);
}

/** `pkg.f` of its closure `pkg.f.func2`, `pkg.f.func1` of `pkg.f.func1.3`: the function that the code stands in. */
function enclosing(name: string): string | undefined {
  const outer = name.replace(/(?:\.(?:func|gowrap|deferwrap)?\d+|-fm)$/, '');
  return outer === name ? undefined : outer;
}

/** Closures of one function, or a function and its own closure. */
function isNested(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const outerA = enclosing(a);
  const outerB = enclosing(b);
  return (outerA !== undefined && (outerA === outerB || outerA === b)) || (outerB !== undefined && outerB === a);
}

/** One count is a fixed multiple of the other in every dump, give or take one that was just being started. */
export function inStep(a: readonly number[], b: readonly number[]): boolean {
  const lastA = a.at(-1) ?? 0;
  const lastB = b.at(-1) ?? 0;
  if (lastA === 0 || lastB === 0) return false;
  const ratio = lastA / lastB;
  if (ratio > 8 || ratio < 1 / 8) return false;
  return a.every((value, i) => {
    const expected = ratio * (b[i] ?? 0);
    return Math.abs(value - expected) <= Math.max(1, ratio) * 1.01 + 0.05 * Math.max(value, expected);
  });
}
