// In: the bytes of a line, or a value that was parsed. Out: the value; its strings, each with the way to it.

/** The keys and columns that lead to a string; null stands for any element of a list. */
export type Path = readonly (string | number | null)[];

/** A string, and the objects and lists it stands in, the outermost first. */
export interface Place {
  text: string;
  around: readonly object[];
}

/** Deeper ones are nobody's message. */
const MOST_LEVELS = 16;

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

export function parseJson(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    // Cut off by its collector, or not JSON: text like any other.
    return undefined;
  }
}

/** Calls `visit` for each string until it returns true. The path is reused. */
export function visitStrings(value: unknown, visit: (text: string, path: Path) => boolean): boolean {
  return isContainer(value) && visitMembers(value, [], false, visit);
}

function visitMembers(
  members: object,
  path: (string | number | null)[],
  isElement: boolean,
  visit: (text: string, path: Path) => boolean,
): boolean {
  if (path.length === MOST_LEVELS) return false;
  const isList = Array.isArray(members) && !isElement && !(path.length === 0 && isRow(members));
  for (const [key, value] of Object.entries(members)) {
    path.push(isList ? null : Array.isArray(members) ? Number(key) : key);
    const isFound =
      typeof value === 'string'
        ? visit(value, path)
        : isContainer(value) && visitMembers(value, path, Array.isArray(members), visit);
    path.pop();
    if (isFound) return true;
  }
  return false;
}

/** In a row of a table each place has a meaning of its own: a list within a list is one, and a list of texts that is a line by itself. */
const isRow = (members: readonly unknown[]): boolean => !members.every(isContainer);

/** All strings at the end of that path. */
export function placesAt(value: unknown, path: Path): Place[] {
  const places: Place[] = [];
  if (isContainer(value)) collect(value, path, 0, [], places);
  return places;
}

function collect(members: object, path: Path, at: number, outside: readonly object[], places: Place[]): void {
  const key = path[at];
  const around = [...outside, members];
  const values: readonly unknown[] =
    key === null
      ? Array.isArray(members)
        ? members
        : []
      : Object.hasOwn(members, key!)
        ? [(members as Readonly<Record<string | number, unknown>>)[key!]]
        : [];
  for (const value of values) {
    if (at < path.length - 1) {
      if (isContainer(value)) collect(value, path, at + 1, around, places);
    } else if (typeof value === 'string') places.push({ text: value, around });
  }
}
