// In: items pushed. Out: the same items by their index.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkedList } from '../../../src/events/goroutines/chunked-list.ts';

test('items keep their places over chunks', () => {
  const list = new ChunkedList<number>();
  for (let i = 0; i < 5000; i++) list.push(i * 3);
  assert.equal(list.length, 5000);
  for (const index of [0, 1, 1023, 1024, 2047, 2048, 4999]) assert.equal(list.at(index), index * 3);
});
