// In: events as they come, text of the application. Out: a live panel below that text on a terminal; elsewhere a line for each finding.
import { writeFileSync } from 'node:fs';
import type { GcbendEvent } from '../events/types.ts';
import { createJsonSink } from '../export/json.ts';
import { LiveView } from '../render/live-view.ts';
import { FindingNotes } from './finding-notes.ts';
import type { ReportSize } from './outputs.ts';
import { canDrawPanel, PanelTerminal } from './panel-terminal.ts';

export interface LiveOptions {
  /** The terminal that the report will go to. */
  output: NodeJS.WriteStream;
  /** What is watched, for the panel's first line. */
  title: string;
  size: ReportSize;
  /** Keys are read from the terminal. False where it is the program's. */
  keys: boolean;
  /** `q` was pressed. */
  quit: () => void;
}

/** Something that shows what happens while it happens. */
export interface Live {
  /** Takes its part of the terminal. */
  start(): void;
  take(event: GcbendEvent): void;
  /** Text that is not gcbend's, as it came. */
  print(bytes: Uint8Array): void;
  /** How long what was printed has waited for the analysis. */
  setBehind(seconds: number): void;
  /** Gives the terminal back. */
  stop(): void;
}

/** The panel where a terminal can show it, else lines on stderr. Nothing is shown before it is started. */
export function createLive(options: LiveOptions): Live {
  return canDrawPanel(options.output) ? new LivePanel(options) : new LiveLines(options.output);
}

class LiveLines implements Live {
  readonly #notes = new FindingNotes(process.stderr);
  readonly #output: NodeJS.WriteStream;
  /** What was printed last has no newline. */
  #isLineOpen = false;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  start(): void {}

  take(event: GcbendEvent): void {
    this.#notes.take(event);
  }

  print(bytes: Uint8Array): void {
    this.#isLineOpen = bytes.at(-1) !== 0x0a;
    this.#output.write(bytes);
  }

  setBehind(): void {}

  /** The report begins on a line of its own. */
  stop(): void {
    if (this.#isLineOpen) this.#output.write('\n');
    this.#isLineOpen = false;
  }
}

class LivePanel implements Live {
  readonly #view: LiveView;
  readonly #terminal: PanelTerminal;
  readonly #results = createJsonSink();
  readonly #quit: () => void;

  constructor(options: LiveOptions) {
    const { color, ascii } = options.size;
    this.#quit = options.quit;
    this.#view = new LiveView({ title: options.title, style: { color, ascii } });
    this.#terminal = new PanelTerminal({
      output: options.output,
      draw: (size) => this.#view.draw(size),
      ...(options.keys ? { onKeys: (input: string) => this.#press(input) } : {}),
    });
    // The first drawing is by far the dearest: it is made while there is nobody to disturb.
    this.#view.draw({ rows: options.output.rows, columns: options.output.columns });
  }

  start(): void {
    this.#terminal.start();
  }

  take(event: GcbendEvent): void {
    this.#view.push(event);
    this.#results.push(event);
    this.#terminal.redraw();
  }

  print(bytes: Uint8Array): void {
    this.#terminal.print(bytes);
  }

  setBehind(seconds: number): void {
    const { version } = this.#view;
    this.#view.setBehind(seconds);
    if (this.#view.version !== version) this.#terminal.redraw();
  }

  stop(): void {
    this.#terminal.stop();
  }

  #press(input: string): void {
    for (const wish of this.#view.press(input)) {
      if (wish === 'quit') this.#quit();
      else this.#save();
    }
    this.#terminal.redraw();
  }

  #save(): void {
    const file = `gcbend-${new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)}.json`;
    try {
      writeFileSync(file, this.#results.finish(), { flag: 'wx' });
      this.#terminal.print(Buffer.from(`gcbend: saved ${file}\n`));
    } catch (error) {
      this.#terminal.print(
        Buffer.from(`gcbend: cannot save ${file}: ${error instanceof Error ? error.message : ''}\n`),
      );
    }
  }
}
