import { describe, expect, it } from 'vitest';
import { countTests, summaryLines } from './vitest.mjs';

describe('the summary of a test run', () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [
      { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ],
  };

  it('counts a file that could not be loaded as a failure, and what was skipped', () => {
    expect(countTests(report, false)).toEqual({ passed: 7, failed: 2, skipped: 3 });
  });

  it('never calls a failed run a good one', () => {
    const good = { ...report, numFailedTests: 0, testResults: [] };
    expect(countTests(good, true).failed).toBe(0);
    expect(countTests(good, false).failed).toBe(1);
    expect(countTests(undefined, false).failed).toBe(1);
  });

  it('ends in the line that is read by machines', () => {
    expect(summaryLines({ failedSteps: ['types'], tests: { passed: 7, failed: 2, skipped: 3 } })).toEqual([
      'failed: types',
      '3 tests were skipped',
      '7 passed, 3 failed',
    ]);
    expect(summaryLines({ failedSteps: ['set-up'], tests: undefined }).at(-1)).toBe('0 passed, 1 failed');
  });
});
