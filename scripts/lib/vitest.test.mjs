import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { top } from './steps.mjs';
import { countTests, summaryLines } from './vitest.mjs';

describe('the summary of a test run', () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [
      {
        name: path.join(top, 'libs/bus/src/bus.test.ts'),
        status: 'failed',
        assertionResults: [
          {
            status: 'failed',
            fullName: 'a bus arrives',
            failureMessages: ['expected 1 to be 2\n    at bus.test.ts:3'],
          },
          { status: 'passed', fullName: 'a bus leaves' },
        ],
      },
      {
        name: path.join(top, 'libs/bus/src/stop.test.ts'),
        status: 'failed',
        message: 'no stop.ts',
        assertionResults: [],
      },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ],
  };

  it('counts a file that could not be loaded as a failure, and what was skipped', () => {
    expect(countTests(report, false)).toMatchObject({ passed: 7, failed: 2, skipped: 3 });
  });

  it('never calls a failed run a good one', () => {
    const good = { ...report, numFailedTests: 0, testResults: [] };
    expect(countTests(good, true).failed).toBe(0);
    expect(countTests(good, false).failed).toBe(1);
    expect(countTests(undefined, false).failed).toBe(1);
  });

  it('shows an error that was thrown outside of the tests', () => {
    const good = { ...report, numFailedTests: 0, testResults: [] };
    const stray = [{ path: path.join(top, 'libs/bus/src/bus.test.ts'), message: 'Error: read ECONNRESET' }];
    const tests = countTests(good, false, stray);
    expect(summaryLines({ failedSteps: [], tests })).toEqual([
      'failed: libs/bus/src/bus.test.ts, by an error outside of the tests\n  Error: read ECONNRESET',
      '3 tests were skipped',
      '7 passed, 1 failed',
    ]);
  });

  it('ends in the line that is read by machines', () => {
    expect(summaryLines({ failedSteps: ['types'], tests: countTests(report, false) })).toEqual([
      'failed: types',
      'failed: libs/bus/src/bus.test.ts > a bus arrives\n  expected 1 to be 2\n      at bus.test.ts:3',
      'failed: libs/bus/src/stop.test.ts\n  no stop.ts',
      '3 tests were skipped',
      '7 passed, 3 failed',
    ]);
    expect(summaryLines({ failedSteps: ['set-up'], tests: undefined }).at(-1)).toBe('0 passed, 1 failed');
  });
});
