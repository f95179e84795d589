import { createKit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import { storedMessage } from '../testing/stored-message.js';
import { GroupMembers } from './group-members.js';

const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });

interface Row {
  id: number;
  version: number;
  user_ids: number[];
  join_ids: number[];
}

/** A database whose replies are controlled by the test, one per query. */
class Answers {
  readonly asked: number[][] = [];
  readonly #waiting: ((rows: Row[] | Error) => void)[] = [];

  query({ values }: { values: [number[]] }): Promise<{ rows: Row[] }> {
    this.asked.push(values[0]);
    return new Promise((resolve, reject) => {
      this.#waiting.push((rows) => (rows instanceof Error ? reject(rows) : resolve({ rows })));
    });
  }

  give(question: number, ...rows: Row[]): void {
    this.#waiting[question]?.(rows);
  }

  fail(question: number): void {
    this.#waiting[question]?.(new Error('no database'));
  }
}

function setUp() {
  const answers = new Answers();
  return { answers, members: new GroupMembers(answers as unknown as Pool, kit) };
}

const toGroup = (toSessionId: number, groupVersion: number, msgId = 100) =>
  storedMessage({ isGroup: true, toSessionId, groupVersion, msgId });

const row = (id: number, version: number, user_ids: number[], join_ids = user_ids.map(() => 0)): Row => ({
  id,
  version,
  user_ids,
  join_ids,
});

test('messages of pairs need no list', () => {
  const { answers, members } = setUp();
  expect(members.listsFor([storedMessage()])).toEqual(new Map());
  expect(answers.asked).toEqual([]);
});

test('a list is loaded once, and again when the group has changed', async () => {
  const { answers, members } = setUp();
  const first = members.listsFor([toGroup(5, 1), toGroup(6, 1), toGroup(5, 1)]);
  answers.give(0, row(5, 1, [1, 2]), row(6, 1, [3]));
  expect((await first).get(5)?.receiversOf(100)).toEqual([1, 2]);
  expect(members.listsFor([toGroup(5, 1), toGroup(6, 1)])).not.toBeInstanceOf(Promise);

  const changed = members.listsFor([toGroup(5, 2), toGroup(6, 1)]);
  answers.give(1, row(5, 2, [1, 2, 4]));
  expect((await changed).get(5)?.receiversOf(100)).toEqual([1, 2, 4]);
  expect((await changed).get(6)?.receiversOf(100)).toEqual([3]);
  expect(answers.asked).toEqual([[5, 6], [5]]);
});

test('receivers are those who joined before the message', async () => {
  const { answers, members } = setUp();
  const lists = members.listsFor([toGroup(5, 3)]);
  answers.give(0, row(5, 3, [1, 2, 3, 4], [0, 10, 20, 20]));
  const list = (await lists).get(5);
  expect(list?.receiversOf(10)).toEqual([1]);
  expect(list?.receiversOf(11)).toEqual([1, 2]);
  expect(list?.receiversOf(20)).toEqual([1, 2]);
  expect(list?.receiversOf(21)).toEqual([1, 2, 3, 4]);
});

test('a slow, outdated reply does not replace a newer list', async () => {
  const { answers, members } = setUp();
  const slow = members.listsFor([toGroup(5, 1)]);
  const quick = members.listsFor([toGroup(5, 2)]);
  answers.give(1, row(5, 2, [1, 2]));
  expect((await quick).get(5)?.receiversOf(100)).toEqual([1, 2]);
  answers.give(0, row(5, 1, [1]));
  await slow;
  const lists = members.listsFor([toGroup(5, 2)]);
  expect(lists).not.toBeInstanceOf(Promise);
  expect((await lists).get(5)?.receiversOf(100)).toEqual([1, 2]);
});

test('a failure is reported, and the next call queries again', async () => {
  const { answers, members } = setUp();
  const failing = members.listsFor([toGroup(5, 1)]);
  answers.fail(0);
  await expect(failing).rejects.toThrow('no database');
  const again = members.listsFor([toGroup(5, 1)]);
  answers.give(1, row(5, 1, [1]));
  expect((await again).get(5)?.receiversOf(100)).toEqual([1]);
});

test('a deleted group has no receivers', async () => {
  const { answers, members } = setUp();
  const lists = members.listsFor([toGroup(5, 1)]);
  answers.give(0);
  expect((await lists).get(5)?.receiversOf(100)).toEqual([]);
});

test('the cache is bounded by members, evicts the oldest lists first, and never a list of the current batch', async () => {
  const { answers, members } = setUp();
  const many = Array.from({ length: 400_000 }, (_, i) => i + 1);
  for (const [question, id] of [5, 6, 7].entries()) {
    const lists = members.listsFor([toGroup(id, 1)]);
    answers.give(question, row(id, 1, many));
    expect((await lists).get(id)?.size).toBe(400_000);
  }
  expect(members.listsFor([toGroup(6, 1), toGroup(7, 1)])).not.toBeInstanceOf(Promise);
  const forgotten = members.listsFor([toGroup(5, 1)]);
  answers.give(3, row(5, 1, many));
  expect((await forgotten).get(5)?.size).toBe(400_000);
  expect(answers.asked).toEqual([[5], [6], [7], [5]]);
});
