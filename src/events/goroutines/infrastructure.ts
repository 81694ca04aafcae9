// In: a group of goroutines. Out: whether it belongs to the runtime or to a library's idle machinery.
// A declared list, matched on names only; what it marks is still counted in every total.
import type { GoroutineGroup } from '../types.ts';

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
  { what: 'http client, idle connection', function: 'net/http.(*persistConn).readLoop', state: 'IO wait' },
  { what: 'http client, idle connection', function: 'net/http.(*persistConn).readLoop', state: 'select' },
  { what: 'http client, idle connection', function: 'net/http.(*persistConn).writeLoop', state: 'select' },
  { what: 'http server, background read', function: 'net/http.(*connReader).backgroundRead', state: 'IO wait' },
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

export function isInfrastructure(group: GoroutineGroup, rules: readonly InfrastructureRule[]): boolean {
  return rules.some((rule) => matchesRule(group, rule));
}

function matchesRule(group: GoroutineGroup, rule: InfrastructureRule): boolean {
  // A debug=1 text has no states: there the function alone must do.
  if (rule.state !== undefined && group.state !== undefined && group.state !== rule.state) return false;
  if (rule.function === undefined && rule.createdBy === undefined) {
    return group.state !== undefined && group.state === rule.state;
  }
  const wanted = rule.function;
  if (wanted !== undefined && !group.stack.some((frame) => matchesName(frame.function, wanted))) return false;
  const creator = rule.createdBy;
  return creator === undefined || (group.createdBy !== undefined && matchesName(group.createdBy.function, creator));
}

function matchesName(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
