// In: formats and files from the command line. Out: where events go: standard output and files, each in its format.
import {
  accessSync,
  constants,
  createWriteStream,
  existsSync,
  realpathSync,
  statSync,
  type WriteStream,
} from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { GcbendError } from '../errors.ts';
import type { GcbendEvent } from '../events/types.ts';
import type { EventSink } from '../export/types.ts';
import type { Format } from './options.ts';

export interface ReportSize {
  width: number;
  height: number | undefined;
  color: boolean;
  ascii: boolean;
}

const formatOfEnding: Readonly<Record<string, Format>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
  '.csv': 'csv',
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.html': 'html',
  '.htm': 'html',
  '.xml': 'junit',
  '.prom': 'openmetrics',
  '.om': 'openmetrics',
  '.txt': 'report',
};

/** The format of an output file: `--format` where it is given, else what its ending says. */
export function formatOfFile(file: string, given: Format | undefined): Format {
  const format = given ?? formatOfEnding[extname(file).toLowerCase()];
  if (format !== undefined) return format;
  throw new GcbendError('USAGE', `cannot tell the format of -o ${file} from its ending`, {
    hint: `--format FORMAT, or an ending such as ${Object.keys(formatOfEnding).slice(0, 8).join(' ')}`,
  });
}

/** A long run must not end with the news that its result has no place. */
export function checkWritable(file: string): void {
  const folder = dirname(file);
  const refuse = (why: string, hint: string): GcbendError =>
    new GcbendError('OUTPUT_FAILED', `cannot write ${file}: ${why}`, { hint });
  if (!existsSync(folder)) throw refuse(`there is no directory ${folder}`, `mkdir -p ${folder}`);
  if (!statSync(folder).isDirectory()) throw refuse(`${folder} is no directory`, 'a name in a directory');
  const isThere = existsSync(file);
  if (isThere && statSync(file).isDirectory())
    throw refuse('it is a directory', `a name in it: -o ${join(file, 'NAME')}`);
  try {
    accessSync(isThere ? file : folder, constants.W_OK);
  } catch {
    throw refuse('no permission to write there', `check who may (ls -ld ${folder})`);
  }
}

/** The sink of a format; its module is loaded only now. `failOn`: the rules whose notes fail in JUnit, too. */
export async function createSink(format: Format, size: ReportSize, failOn: ReadonlySet<string>): Promise<EventSink> {
  switch (format) {
    case 'ndjson':
      return { push: (event) => `${JSON.stringify(event)}\n`, finish: () => '' };
    case 'json':
      return (await import('../export/json.ts')).createJsonSink();
    case 'csv':
      return (await import('../export/csv.ts')).createCsvSink();
    case 'markdown':
      return (await import('../export/markdown.ts')).createMarkdownSink();
    case 'junit':
      return (await import('../export/junit.ts')).createJunitSink(failOn);
    case 'openmetrics':
      return (await import('../export/openmetrics.ts')).createOpenMetricsSink();
    case 'html': {
      const [{ ReportModel }, { renderHtml }] = await Promise.all([
        import('../render/report-model.ts'),
        import('../render/html.ts'),
      ]);
      const model = new ReportModel();
      return reportSink(model, (notes) => renderHtml(model.finish(notes)));
    }
    case 'report': {
      const [{ ReportModel }, { renderReport }] = await Promise.all([
        import('../render/report-model.ts'),
        import('../render/report.ts'),
      ]);
      const model = new ReportModel();
      const { height, ...rest } = size;
      const options = height === undefined ? rest : { ...rest, height };
      return reportSink(model, (notes) => renderReport(model.finish(notes), options));
    }
  }
}

function reportSink(
  model: { push(event: GcbendEvent): void },
  finish: (notes?: readonly string[]) => string,
): EventSink {
  return {
    push: (event) => {
      model.push(event);
      return undefined;
    },
    finish,
  };
}

/**
 * A file that is written beside its place and put there when it is whole. A link stays a link to it, and what is no file (a pipe,
 * `/dev/stdout`) is written to as it is: it must not be replaced by a file.
 */
export class FileOutput {
  readonly #file: string;
  /** Where the file comes to lie, and where it is written until then; undefined for what is no file. */
  readonly #place: { target: string; temporary: string } | undefined;
  readonly #sink: EventSink;
  readonly #stream: WriteStream;
  #error: Error | undefined;

  constructor(file: string, sink: EventSink) {
    this.#file = file;
    const known = statSync(file, { throwIfNoEntry: false });
    if (known === undefined || known.isFile() || known.isDirectory()) {
      const target = known === undefined ? file : realpathSync(file);
      this.#place = { target, temporary: join(dirname(target), `.${basename(target)}.${process.pid}.part`) };
    }
    this.#sink = sink;
    this.#stream = createWriteStream(this.#place?.temporary ?? file);
    this.#stream.on('error', (error) => {
      this.#error ??= error;
    });
  }

  push(event: GcbendEvent): void {
    const text = this.#sink.push(event);
    if (text !== undefined && this.#error === undefined) this.#stream.write(text);
  }

  /** Waits for what was pushed to be written as far as it must be. */
  async drained(): Promise<void> {
    if (this.#error !== undefined || !this.#stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#stream.once('drain', resolve);
      this.#stream.once('close', resolve);
    });
  }

  async finish(notes?: readonly string[]): Promise<void> {
    if (this.#error === undefined) {
      await new Promise<void>((resolve) => {
        this.#stream.once('error', () => resolve());
        // A failed write is told here before it is an event.
        this.#stream.end(this.#sink.finish(notes), (error?: Error | null) => {
          this.#error ??= error ?? undefined;
          resolve();
        });
      });
    }
    try {
      if (this.#error !== undefined) throw this.#error;
      if (this.#place !== undefined) await rename(this.#place.temporary, this.#place.target);
    } catch (cause) {
      await this.#removeTemporary();
      throw new GcbendError(
        'OUTPUT_FAILED',
        `cannot write ${this.#file}: ${cause instanceof Error ? cause.message : String(cause)}`,
        {
          hint: 'is there room, and may you write there?',
          cause,
        },
      );
    }
  }

  async discard(): Promise<void> {
    this.#stream.destroy();
    await this.#removeTemporary();
  }

  async #removeTemporary(): Promise<void> {
    if (this.#place !== undefined) await rm(this.#place.temporary, { force: true });
  }
}
