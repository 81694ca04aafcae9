// In: lines to draw, bytes that the application prints. Out: a panel at the bottom of the terminal, and above it the application's text,
// scrolling as if nothing were there: the program's own stdout goes to the same terminal without passing here, so the upper part is
// made the scrolling region and the cursor is always left in it.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { inForegroundGroup } from '../input/child-signals.ts';

export interface PanelTerminalOptions {
  /** The terminal to draw on. */
  output: NodeJS.WriteStream;
  /** The panel's lines: at most `rows` of them, none wider than `columns`. */
  draw: (size: { rows: number; columns: number }) => string[];
  /** Bytes as the terminal sends them for keys. Without it no key is read and the program's stdin is left alone. */
  onKeys?: (input: string) => void;
}

const MIN_INTERVAL_MS = 100;
/** A program may clear the screen: every so often all of the panel is painted again, not only what has changed. */
const REPAINT_MS = 2000;
const FEWEST_TERMINAL_ROWS = 8;

/** Rows of the panel on a terminal of so many: the application keeps a fifth, three rows at least. */
export function panelRows(terminalRows: number): number {
  return Math.min(40, terminalRows - Math.max(3, Math.floor(terminalRows / 5)));
}

/** Whether a panel can be drawn: a terminal that is large enough, can move its cursor, and is ours to use now. */
export function canDrawPanel(output: NodeJS.WriteStream): boolean {
  return (
    output.isTTY === true && output.rows >= FEWEST_TERMINAL_ROWS && process.env.TERM !== 'dumb' && inForegroundGroup()
  );
}

/** Draws at most ten times a second. `stop` gives the terminal back as it was, and is called on any exit of the process. */
export class PanelTerminal {
  private readonly options: PanelTerminalOptions;
  private readonly output: NodeJS.WriteStream;
  private running = false;
  private rows = 0;
  private columns = 0;
  private height = 0;
  private painted: string[] = [];
  private paintedAtMs = 0;
  private drawnAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private keys: TerminalKeys | undefined;

  constructor(options: PanelTerminalOptions) {
    this.options = options;
    this.output = options.output;
  }

  start(): void {
    if (this.running) return;
    if (this.options.onKeys !== undefined) this.keys = TerminalKeys.open(this.options.onKeys);
    process.on('exit', this.onExit);
    process.on('SIGTSTP', this.onSuspend);
    process.on('SIGCONT', this.onResume);
    this.output.on('resize', this.onResize);
    this.output.on('error', this.onError);
    this.enter();
  }

  /** The application's own text, byte for byte, above the panel. */
  print(bytes: Uint8Array | string): void {
    if (this.output.writable) this.output.write(bytes);
  }

  /** Something has changed: draws now, or as soon as a tenth of a second has passed. */
  redraw(): void {
    if (!this.running || this.timer !== undefined) return;
    const waitMs = this.drawnAtMs + MIN_INTERVAL_MS - performance.now();
    if (waitMs <= 0) this.paint();
    else {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.paint();
      }, waitMs);
      this.timer.unref();
    }
  }

  /** Takes the panel away; the cursor stands at the beginning of a line below what the application has printed. */
  stop(): void {
    process.off('exit', this.onExit);
    process.off('SIGTSTP', this.onSuspend);
    process.off('SIGCONT', this.onResume);
    this.output.off('resize', this.onResize);
    this.leave();
    this.keys?.close();
    this.keys = undefined;
  }

  private readonly onExit = () => this.stop();
  private readonly onError = () => {
    // The terminal is gone: there is nothing left to restore.
    this.running = false;
  };

  private readonly onSuspend = () => {
    this.leave();
    this.keys?.pause();
    process.kill(process.pid, 'SIGSTOP');
  };

  private readonly onResume = () => {
    if (this.running || !inForegroundGroup()) return;
    this.keys?.resume();
    this.enter();
  };

  private readonly onResize = () => {
    if (!this.running) return;
    // What the terminal has made of the old panel lies below the cursor, if anywhere.
    this.write(`${SAVE}\x1b[r${RESTORE}\x1b[J`);
    this.enter();
  };

  /** Makes room at the bottom and confines scrolling to what is above it. */
  private enter(): void {
    this.rows = this.output.rows;
    this.columns = this.output.columns;
    this.height = this.rows < FEWEST_TERMINAL_ROWS ? 0 : panelRows(this.rows);
    this.running = true;
    this.painted = [];
    if (this.height === 0) return;
    // The index, not a newline: the program may have written a prompt already, and goes on behind it.
    this.write(`${INDEX.repeat(this.height)}\x1b[${this.height}A${SAVE}\x1b[1;${this.rows - this.height}r${RESTORE}`);
    this.paint();
  }

  private leave(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.running) return;
    this.running = false;
    if (this.height === 0) return;
    // Blanks up to the last column wrap only when the cursor was not at the beginning of a line.
    const freshLine = `\x1b[0m${' '.repeat(Math.max(0, this.columns - 1))}\r\x1b[K`;
    this.write(`${SAVE}\x1b[r\x1b[${this.rows - this.height + 1};1H\x1b[J${RESTORE}${freshLine}\x1b[?25h`);
  }

  private paint(): void {
    if (!this.running || this.height === 0) return;
    const nowMs = performance.now();
    this.drawnAtMs = nowMs;
    const lines = this.options.draw({ rows: this.height, columns: this.columns }).slice(0, this.height);
    const all = nowMs - this.paintedAtMs >= REPAINT_MS || this.painted.length === 0;
    if (all) this.paintedAtMs = nowMs;
    const top = this.rows - this.height + 1;
    let text = all ? `\x1b[1;${top - 1}r` : '';
    for (let i = 0; i < this.height; i += 1) {
      const line = lines[i] ?? '';
      if (!all && line === this.painted[i]) continue;
      // Erased first: after a line as wide as the terminal the cursor still stands on its last character.
      text += `\x1b[${top + i};1H\x1b[0m\x1b[K${line}\x1b[0m`;
    }
    this.painted = Array.from({ length: this.height }, (_, i) => lines[i] ?? '');
    // One write: what the program prints meanwhile comes before it or after it. No wrapping, no cursor dancing about.
    if (text !== '') this.write(`\x1b[?2026h${SAVE}\x1b[?25l\x1b[?7l${text}\x1b[?7h${RESTORE}\x1b[?25h\x1b[?2026l`);
  }

  private write(text: string): void {
    if (this.output.writable) this.output.write(text);
  }
}

/** One row down in the same column; the last row scrolls. */
const INDEX = '\x1bD';
const SAVE = '\x1b7';
const RESTORE = '\x1b8';

/**
 * Keys as they are pressed, not echoed. Signals stay the terminal's (Ctrl-C and Ctrl-Z reach the program and gcbend alike),
 * which Node's own raw mode would take away. Read from /dev/tty: stdin belongs to the program.
 */
class TerminalKeys {
  private readonly fd: number;
  private readonly stream: ReadStream;
  private readonly saved: string;

  static open(onKeys: (input: string) => void): TerminalKeys | undefined {
    let fd: number;
    try {
      fd = openSync('/dev/tty', 'r+');
    } catch {
      return undefined;
    }
    const saved = stty(fd, ['-g']);
    if (saved === undefined) {
      closeSync(fd);
      return undefined;
    }
    return new TerminalKeys(fd, saved, onKeys);
  }

  private constructor(fd: number, saved: string, onKeys: (input: string) => void) {
    this.fd = fd;
    this.saved = saved;
    this.stream = new ReadStream(openSync('/dev/tty', 'r+'));
    this.stream.on('error', () => {});
    this.stream.on('data', (bytes: Buffer) => onKeys(bytes.toString('latin1')));
    this.stream.unref();
    this.resume();
  }

  resume(): void {
    stty(this.fd, ['-icanon', '-echo', 'min', '1', 'time', '0']);
    this.stream.resume();
  }

  pause(): void {
    this.stream.pause();
    stty(this.fd, [this.saved]);
  }

  close(): void {
    this.pause();
    this.stream.destroy();
    closeSync(this.fd);
  }
}

function stty(fd: number, args: string[]): string | undefined {
  const { status, stdout } = spawnSync('stty', args, { stdio: [fd, 'pipe', 'ignore'], encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
