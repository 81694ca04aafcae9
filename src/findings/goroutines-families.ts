// In: the groups of a series. Out: families: groups that one cause would make grow together.
// One leak may show many stacks (recursion, many callers, many lines of one worker): what is started at one line for one function belongs
// together, and so does what waits at one line.
import { frameKey, type GroupSite, isStandard, siteOf } from '../events/goroutines/index.ts';
import type { GroupHistory } from '../series/groups-track.ts';

export interface FamilyMember {
  id: string;
  history: GroupHistory;
  site: GroupSite;
}

export interface Family {
  members: FamilyMember[];
}

/** @param identity debug=2: creators are known. Without them the outermost own function stands for the creator. */
export function makeFamilies(groups: ReadonlyMap<string, GroupHistory>, identity: boolean): Family[] {
  const leaders = new Map<string, FamilyMember[]>();
  const byKey = new Map<string, FamilyMember[]>();
  for (const [id, history] of groups) {
    const member: FamilyMember = { id, history, site: knownSite(history) };
    let list: FamilyMember[] = [member];
    for (const key of keysOf(member, identity)) {
      const other = byKey.get(key);
      if (other === undefined) byKey.set(key, list);
      else if (other !== list) {
        // The smaller list joins the larger; its keys follow.
        const [into, from] = other.length >= list.length ? [other, list] : [list, other];
        into.push(...from);
        for (const moved of from) for (const movedKey of keysOf(moved, identity)) byKey.set(movedKey, into);
        byKey.set(key, into);
        list = into;
      }
    }
    leaders.set(id, list);
  }
  const families = new Set<FamilyMember[]>();
  for (const list of byKey.values()) families.add(list);
  return [...families].map((members) => ({ members }));
}

/** A group's site is the same in every dump. */
const sites = new WeakMap<GroupHistory, GroupSite>();

function knownSite(history: GroupHistory): GroupSite {
  let site = sites.get(history);
  if (site === undefined) {
    site = siteOf(history.group);
    sites.set(history, site);
  }
  return site;
}

function keysOf(member: FamilyMember, identity: boolean): string[] {
  const { site, history } = member;
  const keys: string[] = [];
  if (site.own) keys.push(`at ${frameKey(site.blocking)}`);
  if (identity) {
    // The `go` statement of a server or a helper library starts everybody's work: there the waiting line alone decides.
    if (site.createdByOwn && site.createdBy !== undefined) {
      keys.push(`by ${frameKey(site.createdBy)} for ${site.entry?.function ?? ''}`);
    }
  } else if (site.entry !== undefined) {
    const outermost = history.group.stack.at(-1);
    if (outermost !== undefined && !isStandard(outermost.function)) keys.push(`for ${site.entry.function}`);
  }
  // Nothing of its own to go by: the stack stands for itself.
  if (keys.length === 0) keys.push(`group ${member.id}`);
  return keys;
}
