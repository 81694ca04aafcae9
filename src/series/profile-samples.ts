// In: heap, contention, goroutines and threads events. Out: one model for all of them: samples (a stack with one value for each
// sample type), which can be merged, subtracted and filtered as `go tool pprof` does it.
// What the text does not print is not there: goroutine texts hide the runtime's frames at the leaf (gopark, chanrecv), the .pb.gz of
// the same moment has them, so that its flat values stand one frame further in. Heap texts and messages hide the same frames.

import type { ContentionEvent, Frame, GcbendEvent, GoroutinesEvent, HeapEvent, ThreadsEvent } from '../events/types.ts';

export interface SampleType {
  type: string;
  /** pprof's unit names: `count`, `bytes`, `nanoseconds`. */
  unit: string;
}

export interface ProfileSample {
  /** Leaf first. */
  stack: readonly Frame[];
  /** One value for each sample type. */
  values: number[];
  /** Size of the objects of this record (heap profiles). */
  objectBytes?: number;
}

export interface ProfileData {
  sampleTypes: SampleType[];
  /** Which sample type is shown unless another is asked for. */
  defaultIndex: number;
  samples: ProfileSample[];
}

export type ProfileEvent = HeapEvent | ContentionEvent | GoroutinesEvent | ThreadsEvent;

export function isProfileEvent(event: GcbendEvent): event is ProfileEvent {
  return (
    event.type === 'heap' || event.type === 'contention' || event.type === 'goroutines' || event.type === 'threads'
  );
}

const HEAP_TYPES: SampleType[] = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];

const CONTENTION_TYPES: SampleType[] = [
  { type: 'contentions', unit: 'count' },
  { type: 'delay', unit: 'nanoseconds' },
];

/** Threads that the runtime began itself have no stack: pprof shows them so. */
const UNKNOWN: readonly Frame[] = [{ function: '<unknown>' }];

/** The samples of one event; records without any value are left out. */
export function profileOf(event: ProfileEvent): ProfileData {
  const { sampleTypes, defaultIndex, samples } = samplesOf(event);
  const placed = samples.map((sample) => (sample.stack.length === 0 ? { ...sample, stack: UNKNOWN } : sample));
  return { sampleTypes, defaultIndex, samples: placed.filter(hasValue) };
}

function hasValue(sample: ProfileSample): boolean {
  for (const value of sample.values) if (value !== 0) return true;
  return false;
}

function samplesOf(event: ProfileEvent): ProfileData {
  switch (event.type) {
    case 'heap':
      return {
        sampleTypes: HEAP_TYPES,
        defaultIndex: event.profile === 'allocs' ? 1 : 3,
        samples: event.sites.map((site) => {
          const { objects, bytes } = site.raw.allocated.objects === 0 ? site.raw.inUse : site.raw.allocated;
          const sample: ProfileSample = {
            stack: site.stack,
            values: [site.allocated.objects, site.allocated.bytes, site.inUse.objects, site.inUse.bytes],
          };
          if (objects !== 0) sample.objectBytes = Math.floor(bytes / objects);
          return sample;
        }),
      };
    case 'contention':
      return {
        sampleTypes: CONTENTION_TYPES,
        defaultIndex: 1,
        samples: event.sites.map((site) => ({ stack: site.stack, values: [site.count, site.delayNs] })),
      };
    case 'goroutines':
      return {
        sampleTypes: [{ type: 'goroutine', unit: 'count' }],
        defaultIndex: 0,
        samples: event.groups.map((group) => ({ stack: group.stack, values: [group.count] })),
      };
    case 'threads':
      return {
        sampleTypes: [{ type: 'threadcreate', unit: 'count' }],
        defaultIndex: 0,
        samples: event.groups.map((group) => ({ stack: group.stack, values: [group.count] })),
      };
  }
}

/** One number for each distinct frame, so that stacks compare by short keys. */
class FrameNumbers {
  private readonly byFrame = new Map<Frame, number>();
  private readonly byText = new Map<string, number>();

  of(frame: Frame): number {
    const known = this.byFrame.get(frame);
    if (known !== undefined) return known;
    const text = `${frame.inlined === true ? 'i' : ''}${frame.line ?? ''}\u0000${frame.file ?? ''}\u0000${frame.function}`;
    let number = this.byText.get(text);
    if (number === undefined) {
      number = this.byText.size;
      this.byText.set(text, number);
    }
    this.byFrame.set(frame, number);
    return number;
  }
}

/** Adds up the samples of one stack and object size, as pprof does when it merges profiles. */
function mergeSamples(profile: ProfileData): ProfileData {
  const numbers = new FrameNumbers();
  const stackKeys = new Map<readonly Frame[], string>();
  const merged = new Map<string, ProfileSample>();
  for (const sample of profile.samples) {
    let stackKey = stackKeys.get(sample.stack);
    if (stackKey === undefined) {
      stackKey = sample.stack.map((frame) => numbers.of(frame).toString(36)).join(' ');
      stackKeys.set(sample.stack, stackKey);
    }
    const key = `${sample.objectBytes ?? ''}|${stackKey}`;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { ...sample, values: [...sample.values] });
    else for (let i = 0; i < known.values.length; i++) known.values[i]! += sample.values[i]!;
  }
  return { ...profile, samples: [...merged.values()].filter(hasValue) };
}

/** May the two be added or subtracted: the same sample types in the same order? */
export function sameSampleTypes(a: ProfileData, b: ProfileData): boolean {
  return (
    a.sampleTypes.length === b.sampleTypes.length && a.sampleTypes.every((t, i) => t.type === b.sampleTypes[i]?.type)
  );
}

/** Several profiles of one kind as one, as `go tool pprof` adds its file arguments. The list is not empty. */
export function addProfiles(profiles: readonly ProfileData[]): ProfileData {
  const [first] = profiles;
  if (profiles.length === 1) return first!;
  return mergeSamples({ ...first!, samples: profiles.flatMap((profile) => profile.samples) });
}

/** `-base`: what `next` has more than `base`; less is negative. */
export function subtractProfile(next: ProfileData, base: ProfileData): ProfileData {
  const negated = base.samples.map((sample) => ({ ...sample, values: sample.values.map((value) => 0 - value) }));
  return mergeSamples({ ...next, samples: [...next.samples, ...negated] });
}

/** Regular expressions on function and file names. */
export interface ProfileFilter {
  /** Only samples with a frame that matches. */
  focus?: RegExp;
  /** No samples with a frame that matches. */
  ignore?: RegExp;
  /** Frames that match are taken out of the stacks. */
  hide?: RegExp;
}

/** Go writes flags in front (`(?i)name`), JavaScript behind; the rest of the two syntaxes is near enough. Throws SyntaxError. */
export function compileGoPattern(source: string): RegExp {
  const flags = /^\(\?([ims]+)\)/.exec(source);
  return flags === null ? new RegExp(source) : new RegExp(source.slice(flags[0].length), flags[1]);
}

function matches(pattern: RegExp, frame: Frame): boolean {
  return pattern.test(frame.function) || (frame.file !== undefined && pattern.test(frame.file));
}

/** The samples that pass; a sample all of whose frames are hidden is gone, as in pprof. */
export function filterSamples(samples: readonly ProfileSample[], filter: ProfileFilter): readonly ProfileSample[] {
  const { focus, ignore, hide } = filter;
  if (focus === undefined && ignore === undefined && hide === undefined) return samples;
  const hiddenStacks = new Map<readonly Frame[], readonly Frame[]>();
  const verdicts = new Map<readonly Frame[], boolean>();
  const passes = (stack: readonly Frame[]): boolean => {
    if (ignore !== undefined && stack.some((frame) => matches(ignore, frame))) return false;
    return focus === undefined || stack.some((frame) => matches(focus, frame));
  };
  const out: ProfileSample[] = [];
  for (const sample of samples) {
    let verdict = verdicts.get(sample.stack);
    if (verdict === undefined) {
      verdict = passes(sample.stack);
      verdicts.set(sample.stack, verdict);
    }
    if (!verdict) continue;
    if (hide === undefined) {
      out.push(sample);
      continue;
    }
    let stack = hiddenStacks.get(sample.stack);
    if (stack === undefined) {
      stack = hideFrames(sample.stack, hide);
      hiddenStacks.set(sample.stack, stack);
    }
    if (stack.length > 0) out.push({ ...sample, stack });
  }
  return out;
}

/** A frame whose machine function's own frame is hidden is the outermost one left there: no longer inlined. */
function hideFrames(stack: readonly Frame[], hide: RegExp): readonly Frame[] {
  const out: Frame[] = [];
  let outermost: Frame | undefined;
  for (let i = 0; i < stack.length; i++) {
    const frame = stack[i]!;
    const kept = !matches(hide, frame);
    if (kept) {
      out.push(frame);
      outermost = frame;
    }
    if (frame.inlined !== true) {
      if (!kept && outermost?.inlined === true) out[out.length - 1] = { ...outermost, inlined: false };
      outermost = undefined;
    }
  }
  return out;
}
