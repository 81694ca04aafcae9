// In: what a group of goroutines waits for. Out: words: the operation, and what usually fixes a leak of that shape.
import type { GoroutineGroup } from '../events/types.ts';

export type Operation =
  | 'send'
  | 'receive'
  | 'nil-channel'
  | 'select'
  | 'select-forever'
  | 'lock'
  | 'read-lock'
  | 'condition'
  | 'wait-group'
  | 'semaphore'
  | 'network'
  | 'sleep'
  | 'system-call'
  | 'running'
  | 'unknown';

const BY_STATE: Record<string, Operation> = {
  'chan send': 'send',
  'chan receive': 'receive',
  'chan send (nil chan)': 'nil-channel',
  'chan receive (nil chan)': 'nil-channel',
  select: 'select',
  'select (no cases)': 'select-forever',
  'sync.Mutex.Lock': 'lock',
  'sync.RWMutex.Lock': 'lock',
  'sync.RWMutex.RLock': 'read-lock',
  'sync.Cond.Wait': 'condition',
  'sync.WaitGroup.Wait': 'wait-group',
  semacquire: 'semaphore',
  'IO wait': 'network',
  sleep: 'sleep',
  syscall: 'system-call',
  running: 'running',
  runnable: 'running',
};

/** Functions that tell the operation where no state is printed (debug=1) or the state is `semacquire` (to Go 1.19/1.23). */
const BY_FUNCTION: [RegExp, Operation][] = [
  [/^(?:internal\/)?sync\.\(\*RWMutex\)\.RLock/, 'read-lock'],
  [/^(?:internal\/)?sync\.\(\*(?:RW)?Mutex\)\./, 'lock'],
  [/^sync\.\(\*WaitGroup\)\.Wait/, 'wait-group'],
  [/^sync\.\(\*Cond\)\.Wait/, 'condition'],
  [/^time\.Sleep$/, 'sleep'],
  [/^internal\/poll\./, 'network'],
  [/^syscall\./, 'system-call'],
];

export function operationOf(group: GoroutineGroup): Operation {
  const byState = group.state === undefined ? undefined : BY_STATE[group.state];
  if (byState !== undefined && byState !== 'semaphore') return byState;
  for (const frame of group.stack.slice(0, 8)) {
    for (const [pattern, operation] of BY_FUNCTION) if (pattern.test(frame.function)) return operation;
  }
  return byState ?? 'unknown';
}

const WORDS: Record<Operation, string> = {
  send: 'send on a channel that nobody receives from',
  receive: 'receive from a channel that nobody sends to or closes',
  'nil-channel': 'use a nil channel, which blocks forever',
  select: 'wait in a select of which no case becomes ready',
  'select-forever': 'stand in an empty select, which blocks forever',
  lock: 'wait for a lock that is not released',
  'read-lock': 'wait for a read lock that is not given',
  condition: 'wait for a condition that nobody signals',
  'wait-group': 'wait for a WaitGroup whose count does not reach zero',
  semaphore: 'wait for a lock or WaitGroup',
  network: 'wait for the network',
  sleep: 'sleep in a loop or for a long time',
  'system-call': 'stand in a system call',
  running: 'run without end',
  unknown: 'wait (a debug=1 text does not say for what)',
};

/** `send on a channel that nobody receives from`: after "N goroutines". */
export function describeOperation(operation: Operation): string {
  return WORDS[operation];
}

const FIXES: Record<Operation, string> = {
  send: 'Give the channel a buffer for every sender, or let the sender give up: select { case ch <- v: case <-ctx.Done(): }. A receiver that leaves early (timeout, first result, error) must not leave senders behind.',
  receive:
    'Close the channel when the sender is done, or let the receiver give up: select { case v := <-ch: case <-ctx.Done(): }. Look for returns and errors on the way to the send or close.',
  'nil-channel': 'Make the channel before it is used (make(chan T)), or do not start the goroutine without one.',
  select:
    'Give the select a case that ends it (ctx.Done(), a quit channel) and make sure that it is cancelled on every path: defer cancel().',
  'select-forever': 'Replace the empty select by a wait for ctx.Done() or a quit channel.',
  lock: 'Find who holds the lock: a path without Unlock (use defer), a lock taken twice by one goroutine, two locks taken in different order, or work that blocks while the lock is held.',
  'read-lock':
    'Find who holds the write lock or waits for it: RLock taken twice by one goroutine blocks once a writer waits in between; unlock on every path.',
  condition:
    'Signal or Broadcast whenever the condition may have changed, also on shutdown, and check the condition in a loop.',
  'wait-group':
    'Call Add before the goroutine starts and Done on every path (defer wg.Done()); see also what the counted goroutines wait for.',
  semaphore:
    'Release on every path (defer), and find who holds it: often a goroutine that waits for the one that waits here.',
  network:
    'Set deadlines (SetDeadline, http.Client.Timeout, context) and close the connection or the response body on every path.',
  sleep:
    'Let the loop end: a ticker that is stopped, a context that is cancelled; a goroutine per call that loops forever piles up.',
  'system-call': 'Give the call a deadline or close its file from the side that ends the work.',
  running: 'Let the loop end: check ctx.Done() or a quit channel in it.',
  unknown:
    "Take a debug=2 dump (`curl -s 'http://HOST:PORT/debug/pprof/goroutine?debug=2'`; it stops the program while it is written): it says what they wait for and since when.",
};

export function fixFor(operation: Operation, group: GoroutineGroup): string[] {
  const names = group.stack.map((frame) => frame.function);
  const fixes: string[] = [];
  if (names.some((name) => /^net\/http\.\(\*persistConn\)\.(?:readLoop|writeLoop)$/.test(name))) {
    fixes.push(
      'Close every response body, also after an error or when it is not read: defer resp.Body.Close(). Share one http.Client.',
    );
  }
  if (names.some((name) => name.startsWith('database/sql.'))) {
    fixes.push('Close rows and transactions on every path (defer rows.Close(), defer tx.Rollback()).');
  }
  if (names.some((name) => name.startsWith('io.(*pipe)'))) {
    fixes.push('Close both ends of the io.Pipe on every path: CloseWithError wakes the other side.');
  }
  fixes.push(FIXES[operation]);
  return fixes;
}

/** `main.go:184`: a place without its folders. */
export function shortPlace(frame: { file?: string; line?: number }): string {
  if (frame.file === undefined) return '';
  const name = frame.file.slice(Math.max(frame.file.lastIndexOf('/'), frame.file.lastIndexOf('\\')) + 1);
  return frame.line === undefined ? name : `${name}:${frame.line}`;
}
