import { expect, it } from 'vitest';
import { nothing } from './faults/fault.js';
import type { RoundResult } from './round.js';
import { isClean, rowOf, tableOf } from './table.js';

const round: RoundResult = {
  sent: 10,
  acked: 10,
  indeterminate: 0,
  checked: 10,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  undelivered: 0,
  late: 0,
  recoveryMs: 100,
  breaks: 0,
  observers: 16,
  notes: [],
  failures: [],
};

it('a row is clean when no round lost a message, checked nothing, or failed for its fault', () => {
  expect(isClean(rowOf(nothing, [round, round], 1))).toBe(true);
  for (const other of [
    { lost: 1 },
    { late: 1 },
    { checked: 0 },
    { failures: ['acks came back after 31 s'] },
  ]) {
    const rounds = other.checked === 0 ? [{ ...round, ...other }] : [round, { ...round, ...other }];
    expect(isClean(rowOf(nothing, rounds, 1)), JSON.stringify(other)).toBe(false);
  }
});

it('a table says below it what failed', () => {
  const row = rowOf(nothing, [{ ...round, failures: ['acks came back after 31 s'], notes: ['promoted'] }], 1);
  expect(tableOf([row]).split('\n').slice(-2)).toEqual([
    `- ${nothing.title}: FAILED, acks came back after 31 s`,
    `- ${nothing.title}: promoted`,
  ]);
});
