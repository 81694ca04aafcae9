// In: labels of goroutines and the rows they count in. Out: for each row how many have which.

const LABELS_PER_GROUP = 1000;

export class LabelCounts {
  readonly #rows = new Map<number, Map<string, number>>();

  /** One more goroutine with these labels; beyond a bound all further values of a key count as `KEY=(other)`. */
  count(row: number, labels: Record<string, string>): void {
    let counts = this.#rows.get(row);
    if (counts === undefined) {
      counts = new Map();
      this.#rows.set(row, counts);
    }
    for (const [key, value] of Object.entries(labels)) {
      let text = `${key}=${value}`;
      if (counts.size >= LABELS_PER_GROUP && !counts.has(text)) text = `${key}=(other)`;
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }

  of(row: number): Record<string, number> | undefined {
    const counts = this.#rows.get(row);
    return counts === undefined ? undefined : Object.fromEntries(counts);
  }
}
