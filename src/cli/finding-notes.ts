// In: events of a stream that goes on. Out: one line on stderr for each finding, the moment it is made.

import { cleanText } from '../events/clean-text.ts';
import type { GcbendEvent } from '../events/types.ts';

export class FindingNotes {
  readonly #stream: NodeJS.WritableStream;
  readonly #said = new Set<string>();

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  take(event: GcbendEvent): void {
    if (event.type !== 'finding' || event.severity === 'info') return;
    const known = this.#said.has(event.id) || (event.revises !== undefined && this.#said.has(event.revises));
    this.#said.add(event.id);
    if (known ? event.status !== 'withdrawn' : event.status !== 'open') return;
    const when = event.at === undefined ? '' : ` at ${event.at.toFixed(1)} s`;
    const what = event.status === 'withdrawn' ? `taken back: ${event.title}` : event.title;
    this.#stream.write(`gcbend: ${event.severity}${when}: ${cleanText(what)}\n`);
  }
}
