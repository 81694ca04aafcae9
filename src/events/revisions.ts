// In: findings or inflections in stream order. Out: what holds in the end: later ones in the place of those they revise.

interface Revisable {
  id: string;
  status: string;
  revises?: string;
}

/** Keeps the last word on every finding or inflection; a withdrawn one leaves nothing. */
export class Revisions<T extends Revisable> {
  private readonly kept = new Map<string, T>();

  push(event: T): void {
    if (event.revises !== undefined) this.kept.delete(event.revises);
    if (event.status === 'withdrawn') this.kept.delete(event.id);
    else this.kept.set(event.id, event);
  }

  get size(): number {
    return this.kept.size;
  }

  /** In the order in which they came. */
  values(): T[] {
    return [...this.kept.values()];
  }

  delete(event: T): void {
    this.kept.delete(event.id);
  }
}
