// In: families that were judged to grow. Out: causes: families that one bug makes grow together are one.
// Two goroutines that wait for each other, a parent that waits for its children, a client that waits for a stuck handler grow in step.
import { type GroupSite, isStandard } from '../events/goroutines/index.ts';
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
  const { site } = one.named;
  return (site.ownStack ? 2 : site.own ? 1 : 0) + (waitsForOthers(one) ? 0 : 0.5);
}

function waitsForOthers(one: Grown): boolean {
  const { stack } = one.named.history.group;
  const first = stack.findIndex((frame) => !isStandard(frame.function));
  const above = stack.slice(0, Math.max(0, first));
  const within = above.some((frame) => /^(?:net|database)[/.]/.test(frame.function));
  return within || one.operation === 'wait-group' || one.operation === 'network';
}

export function mergeRelated(grown: readonly Grown[]): Cause[] {
  const sorted = [...grown].sort((a, b) => weight(b) - weight(a) || b.count - a.count);
  const causes: Cause[] = [];
  for (const one of sorted) {
    const cause = causes.find(
      (other) =>
        related(other, one) && isMultiple(other.count, one.count) && inStep(other.growth.counts, one.growth.counts),
    );
    if (cause === undefined) causes.push({ ...one, also: [] });
    else cause.also.push(one);
  }
  return foldCallers(causes);
}

/** Callers that wait for what is stuck (clients of a server whose handlers hang) grow as the sum of it, healthy ones among them. */
function foldCallers(causes: Cause[]): Cause[] {
  const roots = causes.filter((cause) => !waitsForOthers(cause));
  const [largest] = roots;
  if (largest === undefined) return causes;
  const stuck = roots.flatMap((root) => [root, ...root.also]);
  const sum = largest.growth.counts.map((_, i) => stuck.reduce((all, one) => all + (one.growth.counts[i] ?? 0), 0));
  return causes.filter((cause) => {
    if (!waitsForOthers(cause) || !inStep(sum, cause.growth.counts, 4, 0.15)) return true;
    largest.also.push(cause, ...cause.also);
    return false;
  });
}

function related(a: Grown, b: Grown): boolean {
  const first = a.named.site;
  const second = b.named.site;
  // Stacks without own frames grow with what causes them (connections of a stuck handler, callers of a library).
  if (!first.ownStack || !second.ownStack) return true;
  if (runsIn(a, second.createdBy?.function) || runsIn(b, first.createdBy?.function)) return true;
  // A server or a helper library starts everybody's goroutines: that two come from it says nothing.
  const same = first.createdBy !== undefined && first.createdBy.function === second.createdBy?.function;
  if (same && first.createdByOwn) return true;
  return !(same && isServer(first)) && isNested(first.entry?.function, second.entry?.function);
}

/** Handlers are written next to each other, and have nothing to do with each other. */
function isServer(site: GroupSite): boolean {
  return site.createdBy !== undefined && /^(?:net[/.]|google\.golang\.org\/grpc)/.test(site.createdBy.function);
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

/** One bug starts so many of the one for each of the other: a whole number, give or take one that was just being started. */
function isMultiple(a: number, b: number): boolean {
  const small = Math.min(a, b);
  const ratio = Math.max(a, b) / small;
  return Math.abs(ratio - Math.round(ratio)) * small <= 1.5 + 0.06 * small;
}

/** One count is a fixed multiple of the other in every dump, give or take one that was just being started. */
export function inStep(a: readonly number[], b: readonly number[], absolute = 1, share = 0.05): boolean {
  const lastA = a.at(-1) ?? 0;
  const lastB = b.at(-1) ?? 0;
  if (lastA === 0 || lastB === 0) return false;
  const ratio = lastA / lastB;
  if (ratio > 8 || ratio < 1 / 8) return false;
  return a.every((value, i) => {
    const expected = ratio * (b[i] ?? 0);
    return Math.abs(value - expected) <= absolute * Math.max(1, ratio) * 1.01 + share * Math.max(value, expected);
  });
}
