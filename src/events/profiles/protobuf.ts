// In: a profile.proto message, already gunzipped (what net/http/pprof serves without debug=1). Out: the events that the text of
// the same moment gives. Follows runtime/pprof/proto.go and protomem.go; a message begins `5a 04 08 01 10 02` or `0a 04 ...`.

import { type Label, type Location, Profile, type ValueType } from 'pprof-format';
import { groupId } from '../goroutines/describe.ts';
import { unescapeName } from '../goroutines/names.ts';
import type { Amount, ContentionSite, Frame, GcbendEvent, GoroutineGroup, HeapSite } from '../types.ts';
import { heapScale } from './scale.ts';

/** The last moment that a Date can hold. */
const MAX_DATE_MS = 8.64e15;
/** `time_nanos`, a number. */
const TIME_TAG = 0x48;

/**
 * Do these bytes begin a profile message? True only when the first field is a whole ValueType (field 1 or 11: two string numbers
 * and nothing else), or that behind a time in nanoseconds as in CPU profiles, and another field of Profile follows: no text
 * begins like that.
 */
export function looksLikePprof(bytes: Uint8Array): boolean {
  if (bytes[0] === TIME_TAG) {
    let at = 1;
    while ((bytes[at] ?? 0) >= 0x80) at++;
    return at >= 8 && at <= 10 && beginsWithValueType(bytes.subarray(at + 1));
  }
  return beginsWithValueType(bytes);
}

function beginsWithValueType(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x0a && bytes[0] !== 0x5a) return false;
  const length = bytes[1] ?? 0;
  if (length < 2 || length > 20 || bytes.length < length + 3) return false;
  let at = 2;
  const end = at + length;
  for (const tag of [0x08, 0x10]) {
    if (at === end && tag === 0x10) break;
    if (bytes[at++] !== tag) return false;
    while (at < end && (bytes[at]! & 0x80) !== 0) at++;
    at++;
  }
  if (at !== end) return false;
  const next = bytes[end]!;
  const field = next >> 3;
  const wire = next & 7;
  return field >= 1 && field <= 15 && (wire === 0 || wire === 2);
}

/** The events of one profile message; a message that cannot be read, or of another kind, is one `malformed` event. */
export function decodePprof(bytes: Uint8Array, source: string): GcbendEvent[] {
  let profile: Profile;
  try {
    profile = Profile.decode(bytes);
  } catch (error) {
    return [malformed(source, `not a whole profile message: ${error instanceof Error ? error.message : 'unreadable'}`)];
  }
  const reader = new ProfileReader(profile);
  const types = profile.sampleType.map((type) => reader.typeName(type));
  const nanos = Number(profile.timeNanos);
  const base = {
    schema: 1 as const,
    source,
    line: 1,
    ...(nanos > 0 && nanos / 1e6 < MAX_DATE_MS ? { atTime: new Date(nanos / 1e6).toISOString() } : {}),
  };
  const column = (name: string): number => types.indexOf(name);
  if (column('inuse_space') !== -1 && column('inuse_objects') !== -1) {
    const sampleRate = Number(profile.period);
    const sites = reader.heapSites(
      [column('inuse_objects'), column('inuse_space')],
      [column('alloc_objects'), column('alloc_space')],
      sampleRate,
    );
    const defaultType = reader.text(profile.defaultSampleType);
    const inUse = { objects: 0, bytes: 0 };
    const allocated = { objects: 0, bytes: 0 };
    for (const site of sites) {
      inUse.objects += site.inUse.objects;
      inUse.bytes += site.inUse.bytes;
      allocated.objects += site.allocated.objects;
      allocated.bytes += site.allocated.bytes;
    }
    const name = defaultType === 'alloc_space' ? 'allocs' : 'heap';
    return [{ type: 'heap', ...base, profile: name, sampleRate, inUse, allocated, sites }];
  }
  if (column('contentions') !== -1 && column('delay') !== -1) {
    const sites = reader.contentionSites(column('contentions'), column('delay'));
    return [{ type: 'contention', ...base, profile: contentionKind(source, sites), sites }];
  }
  const [only] = types;
  if (types.length === 1 && only !== undefined && reader.unitOf(profile.sampleType[0]!) === 'count') {
    const groups = reader.groups();
    const total = groups.reduce((sum, group) => sum + group.count, 0);
    if (only === 'threadcreate') {
      const threads = groups.map(({ count, stack, labels }) => ({ count, stack, ...(labels && { labels }) }));
      return [{ type: 'threads', ...base, total, groups: threads }];
    }
    const named = only === 'goroutine' ? {} : { profile: only };
    return [{ type: 'goroutines', ...base, debug: 1, total, cause: 'debug', ...named, states: {}, groups }];
  }
  return [
    malformed(
      source,
      `a profile of ${types.join(', ') || 'nothing'}: only heap, allocs, block, mutex, goroutine, threadcreate and user profiles are read`,
    ),
  ];
}

function malformed(source: string, reason: string): GcbendEvent {
  return { type: 'malformed', schema: 1, source, line: 1, grammar: 'pprof', reason, text: '' };
}

/** Both kinds carry the same sample types; a mutex is charged where it is unlocked. */
function contentionKind(source: string, sites: readonly ContentionSite[]): 'block' | 'mutex' {
  if (/mutex/i.test(source)) return 'mutex';
  if (/block/i.test(source)) return 'block';
  const unlocks = sites.filter((site) => /unlock/i.test(site.function)).length;
  return sites.length > 0 && unlocks * 2 > sites.length ? 'mutex' : 'block';
}

class ProfileReader {
  private readonly profile: Profile;
  private readonly functions = new Map<number, { name: string; file: string }>();
  private readonly frames = new Map<number, Frame[]>();

  constructor(profile: Profile) {
    this.profile = profile;
    for (const f of profile.function) {
      this.functions.set(Number(f.id), { name: this.text(f.name), file: this.text(f.filename) });
    }
    for (const location of profile.location) this.frames.set(Number(location.id), this.framesOf(location));
  }

  text(index: number | bigint): string {
    return this.profile.stringTable.strings[Number(index)] ?? '';
  }

  typeName(type: ValueType): string {
    return this.text(type.type);
  }

  unitOf(type: ValueType): string {
    return this.text(type.unit);
  }

  heapSites(inUse: readonly number[], allocated: readonly number[], rate: number): HeapSite[] {
    return this.profile.sample.map((sample) => {
      const stack = this.stack(sample.locationId);
      const amount = (columns: readonly number[]) => ({
        objects: Number(sample.value[columns[0]!] ?? 0),
        bytes: Number(sample.value[columns[1]!] ?? 0),
      });
      const size = Number(sample.label.find((label) => this.text(label.key) === 'bytes')?.num ?? 0);
      const scaled = { inUse: amount(inUse), allocated: amount(allocated) };
      const raw = { inUse: unscale(scaled.inUse, size, rate), allocated: unscale(scaled.allocated, size, rate) };
      return { ...place(stack), stack, ...scaled, raw };
    });
  }

  contentionSites(count: number, delay: number): ContentionSite[] {
    return this.profile.sample.map((sample) => {
      const stack = this.stack(sample.locationId);
      return {
        ...place(stack),
        stack,
        count: Number(sample.value[count] ?? 0),
        delayNs: Number(sample.value[delay] ?? 0),
      };
    });
  }

  /** Samples that differ only in labels are one group with a breakdown, as in the texts. */
  groups(): GoroutineGroup[] {
    const groups = new Map<string, GoroutineGroup>();
    for (const sample of this.profile.sample) {
      const stack = this.stack(sample.locationId);
      const id = groupId('', stack, undefined);
      const count = Number(sample.value[0] ?? 0);
      let group = groups.get(id);
      if (group === undefined) {
        group = { id, count: 0, stack };
        groups.set(id, group);
      }
      group.count += count;
      for (const label of sample.label) {
        const value = this.labelText(label);
        if (value === undefined) continue;
        group.labels ??= {};
        group.labels[value] = (group.labels[value] ?? 0) + count;
      }
    }
    return [...groups.values()].sort((a, b) => b.count - a.count);
  }

  private labelText(label: Label): string | undefined {
    return Number(label.str) === 0 ? undefined : `${this.text(label.key)}=${this.text(label.str)}`;
  }

  private stack(ids: readonly (number | bigint)[]): Frame[] {
    return ids.flatMap((id) => this.frames.get(Number(id)) ?? []);
  }

  /** The lines of a location are its inlined callees, innermost first, and last the function that holds them. */
  private framesOf(location: Location): Frame[] {
    const named = location.line.filter((line) => (this.functions.get(Number(line.functionId))?.name ?? '') !== '');
    if (named.length === 0) {
      return isPadding(location) ? [] : [{ function: `0x${location.address.toString(16)}` }];
    }
    return location.line.map((line, i) => {
      const known = this.functions.get(Number(line.functionId));
      const frame: Frame = { function: unescapeName(known?.name || `0x${location.address.toString(16)}`) };
      if (known !== undefined && known.file !== '') frame.file = known.file;
      if (Number(line.line) !== 0) frame.line = Number(line.line);
      if (i < location.line.length - 1) frame.inlined = true;
      return frame;
    });
  }
}

/** The runtime fills the stacks of threads up with zeros, less one in messages; the texts leave them out. */
function isPadding({ address }: Location): boolean {
  return Number(address) === 0 || BigInt.asUintN(64, BigInt(address)) === 2n ** 64n - 1n;
}

function place(stack: readonly Frame[]): { function: string; file?: string; line?: number } {
  const leaf = stack[0];
  return {
    function: leaf?.function ?? '',
    ...(leaf?.file === undefined ? {} : { file: leaf.file }),
    ...(leaf?.line === undefined ? {} : { line: leaf.line }),
  };
}

/** The sampled counts that the runtime scaled up before it wrote the message: all objects of one record have one size. */
function unscale(scaled: { objects: number; bytes: number }, size: number, rate: number): Amount {
  if (scaled.objects === 0 || size === 0) return { objects: 0, bytes: 0 };
  const objects = Math.round(scaled.bytes / heapScale(size, rate) / size);
  return { objects, bytes: objects * size };
}
