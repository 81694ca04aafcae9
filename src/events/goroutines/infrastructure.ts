// In: a group of goroutines. Out: whether it belongs to the runtime or to a library's idle machinery.
// A declared list, matched on names only; what it marks is still counted in every total.
import type { GoroutineGroup } from '../types.ts';
import { isStandard } from './names.ts';

/**
 * A group matches when `function` is one of its frames (or its creator, where `createdBy` says so).
 * Names are exact, or end in `*`. `state`, where given, must be the group's.
 */
export interface InfrastructureRule {
  /** In words, for the report. */
  what: string;
  function?: string;
  createdBy?: string;
  state?: string;
  /** Only when all its frames are of the standard library: idle machinery, no handler at work. */
  idle?: true;
}

/** Users add to it (`infrastructure` in the configuration), they do not replace it. */
export const INFRASTRUCTURE: readonly InfrastructureRule[] = [
  { what: 'garbage collector worker', function: 'runtime.gcBgMarkWorker' },
  { what: 'sweeper', function: 'runtime.bgsweep' },
  { what: 'scavenger', function: 'runtime.bgscavenge' },
  { what: 'forced-collection helper', function: 'runtime.forcegchelper' },
  { what: 'finalizers, waiting', function: 'runtime.runfinq', state: 'finalizer wait' },
  { what: 'finalizers, waiting', function: 'runtime.runFinalizers', state: 'finalizer wait' },
  { what: 'cleanups, waiting', function: 'runtime.runCleanups', state: 'cleanup wait' },
  { what: 'cleanups, waiting', function: 'runtime.(*cleanupQueue).dequeue' },
  { what: 'GOMAXPROCS updater', function: 'runtime.updateMaxProcsGoroutine' },
  { what: 'timer goroutine (to Go 1.13)', function: 'runtime.timerproc' },
  { what: 'execution trace reader', function: 'runtime/trace.Start.func1' },
  { what: 'execution trace, advancer', function: 'runtime.(*traceAdvancerState).start.func1' },
  { what: 'CPU profile writer', function: 'runtime/pprof.profileWriter' },
  { what: 'signal handler', function: 'os/signal.loop' },
  { what: 'signal context', function: 'os/signal.NotifyContext.func1' },
  { what: 'the dump itself', function: 'runtime/pprof.writeGoroutine*' },
  { what: 'the dump itself', function: 'runtime/pprof.writeRuntimeProfile' },
  { what: 'goroutine of the g0 kind', state: 'idle' },
  { what: 'http client, idle connection', function: 'net/http.(*persistConn).Read', state: 'IO wait', idle: true },
  { what: 'http client, idle connection', function: 'net/http.(*persistConn).writeLoop', state: 'select' },
  { what: 'http server, background read', function: 'net/http.(*connReader).backgroundRead', state: 'IO wait' },
  { what: 'http server, idle connection', function: 'net/http.(*connReader).Read', state: 'IO wait', idle: true },
  { what: 'http server, listener', function: 'net/http.(*Server).Serve', state: 'IO wait', idle: true },
  { what: 'http/2 client, reader', function: 'net/http.(*http2clientConnReadLoop).run', state: 'IO wait' },
  { what: 'http/2 client, reader', function: 'golang.org/x/net/http2.(*clientConnReadLoop).run', state: 'IO wait' },
  { what: 'http/2 server, frames', function: 'net/http.(*http2serverConn).readFrames' },
  { what: 'database pool, opener', function: 'database/sql.(*DB).connectionOpener' },
  { what: 'database pool, cleaner', function: 'database/sql.(*DB).connectionCleaner' },
  { what: 'testing, waits for its test', function: 'testing.(*T).Run', state: 'chan receive' },
  { what: 'testing, alarm', function: 'testing.(*M).startAlarm.func1' },
  { what: 'grpc transport, writer', function: 'google.golang.org/grpc/internal/transport.(*controlBuffer).get' },
  {
    what: 'grpc transport, keep-alive',
    function: 'google.golang.org/grpc/internal/transport.(*http2Client).keepalive',
  },
  {
    what: 'grpc transport, keep-alive',
    function: 'google.golang.org/grpc/internal/transport.(*http2Server).keepalive',
  },
  { what: 'grpc serializer', function: 'google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run' },
  { what: 'opencensus worker', function: 'go.opencensus.io/stats/view.(*worker).start' },
  { what: 'glog flusher', function: 'github.com/golang/glog.(*fileSink).flushDaemon' },
  { what: 'klog flusher', function: 'k8s.io/klog/v2.(*flushDaemon).run.func1' },
  { what: 'lumberjack roller', function: 'gopkg.in/natefinch/lumberjack.v2.(*Logger).millRun' },
];

/** The declared rules and the user's, indexed by function name: a dump may hold 50,000 distinct stacks. */
export class InfrastructureIndex {
  readonly #exact = new Map<string, InfrastructureRule[]>();
  readonly #prefixes: { prefix: string; rule: InfrastructureRule }[] = [];
  readonly #others: InfrastructureRule[] = [];

  /** How the exact names begin: most functions are told from them by that. */
  readonly #starts = new Set<number>();

  /** The last one: most dumps come after each other. */
  static #last: { added: readonly InfrastructureRule[] | undefined; index: InfrastructureIndex } | undefined;

  static of(added: readonly InfrastructureRule[] | undefined): InfrastructureIndex {
    if (InfrastructureIndex.#last === undefined || InfrastructureIndex.#last.added !== added)
      InfrastructureIndex.#last = { added, index: new InfrastructureIndex(added) };
    return InfrastructureIndex.#last.index;
  }

  private constructor(added: readonly InfrastructureRule[] = []) {
    for (const rule of [...INFRASTRUCTURE, ...added]) {
      const name = rule.function;
      if (name === undefined) this.#others.push(rule);
      else if (name.endsWith('*')) this.#prefixes.push({ prefix: name.slice(0, -1), rule });
      else {
        this.#exact.set(name, [...(this.#exact.get(name) ?? []), rule]);
        this.#starts.add(startOf(name));
      }
    }
  }

  /** Does a rule name this function? */
  names(name: string): boolean {
    if (this.#starts.has(startOf(name)) && this.#exact.has(name)) return true;
    return this.#prefixes.some(({ prefix }) => name.startsWith(prefix));
  }

  /** The rule that the group falls under; `named`: false when no rule names any of its functions. */
  find(group: GoroutineGroup, named = true): InfrastructureRule | undefined {
    for (const frame of named ? group.stack : []) {
      const exact = this.#exact.get(frame.function)?.find((rule) => holdsOtherwise(group, rule));
      if (exact !== undefined) return exact;
      for (const { prefix, rule } of this.#prefixes) {
        if (frame.function.startsWith(prefix) && holdsOtherwise(group, rule)) return rule;
      }
    }
    return this.#others.find((rule) => holdsOtherwise(group, rule));
  }
}

function startOf(name: string): number {
  return name.charCodeAt(0) * 65536 + name.charCodeAt(1);
}

/** State and creator, where the rule names them. A debug=1 text has neither: there the function alone must do. */
function holdsOtherwise(group: GoroutineGroup, rule: InfrastructureRule): boolean {
  if (rule.state !== undefined && group.state !== rule.state && (group.state !== undefined || !rule.function))
    return false;
  if (rule.idle === true && !group.stack.every((frame) => isStandard(frame.function))) return false;
  if (rule.createdBy === undefined) return true;
  return group.createdBy !== undefined && matchesName(group.createdBy.function, rule.createdBy);
}

function matchesName(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
