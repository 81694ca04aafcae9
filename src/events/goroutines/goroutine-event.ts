// In: one goroutine of a dump, and its stack. Out: the event that `--each-goroutine` asks for.
import type { GoroutineEvent } from '../types.ts';
import { LEAKED, LOCKED } from './stack-engine.ts';
import type { DescribedStack } from './stack-groups.ts';
import type { Counted } from './stack-table.ts';

export function toGoroutineEvent(
  source: string,
  { id, creator, meta, line }: Counted,
  { id: group, stack, createdBy, framesElided }: DescribedStack,
): GoroutineEvent {
  const event: GoroutineEvent = { type: 'goroutine', schema: 1, source, line, id, state: meta.state, group, stack };
  if (meta.minutes >= 0) event.waitMinutes = meta.minutes;
  if ((meta.marks & LOCKED) !== 0) event.lockedToThread = true;
  if ((meta.marks & LEAKED) !== 0) event.leaked = true;
  if (meta.labels !== undefined) event.labels = meta.labels;
  if (framesElided > 0) event.framesElided = framesElided;
  if (createdBy !== undefined) event.createdBy = creator > 0 ? { ...createdBy, goroutine: creator } : createdBy;
  return event;
}
