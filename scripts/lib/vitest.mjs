// Runs vitest and sums up what it and the other checks found.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tool, top } from './steps.mjs';

const folder = path.join(top, '.data', 'test');
const resultFile = path.join(folder, 'vitest.json');
const strayFile = path.join(folder, 'stray-errors.json');
/** What `.ci/run` prints last. */
const summaryFile = path.join(folder, 'summary.txt');

/**
 * Runs the tests; what vitest prints goes to the screen.
 * @returns `{ passed, failed, skipped }`; a run that failed without a failed test counts as one
 */
export async function runVitest(words) {
  await mkdir(folder, { recursive: true });
  for (const file of [resultFile, strayFile]) await rm(file, { force: true });
  const status = await new Promise((resolve) => {
    const stray = path.join(import.meta.dirname, 'stray-errors-reporter.mjs');
    const reporters = ['default', 'json', stray].map((reporter) => `--reporter=${reporter}`);
    const child = spawn(tool('vitest'), ['run', ...reporters, `--outputFile.json=${resultFile}`, ...words], {
      cwd: top,
      stdio: 'inherit',
      env: { ...process.env, STRAY_ERRORS_FILE: strayFile },
    });
    child.once('error', () => resolve(1));
    child.once('close', resolve);
  });
  return countTests(await readJson(resultFile), status === 0, await readJson(strayFile));
}

async function readJson(file) {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text ? JSON.parse(text) : undefined;
}

/**
 * @param result vitest's JSON report; undefined when it wrote none
 * @param strayErrors what was thrown outside of the tests
 */
export function countTests(result, succeeded, strayErrors = []) {
  if (!result) return { passed: 0, failed: succeeded ? 0 : 1, skipped: 0, failures: [] };
  // A file that could not be loaded has no tests to count.
  const broken = result.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  ).length;
  const failed = result.numFailedTests + broken;
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && !succeeded ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
    failures: [...result.testResults.flatMap(failuresOf), ...strayErrors.map(describeStray)],
  };
}

/** Lines of an error message that are repeated at the end. */
const messageLines = 12;

/** The failed tests of a file by name, each with the first lines of its error. */
function failuresOf({ name = '', status, message, assertionResults }) {
  if (status !== 'failed') return [];
  const file = path.relative(top, name);
  const failed = assertionResults.filter((assertion) => assertion.status === 'failed');
  if (failed.length === 0) return [describeFailure(file, message)];
  return failed.map(({ fullName, failureMessages = [] }) =>
    describeFailure(`${file} > ${fullName}`, failureMessages[0]),
  );
}

function describeStray({ path: file, message }) {
  const where = file ? path.relative(top, file) : 'some file';
  return describeFailure(`${where}, by an error outside of the tests`, message);
}

function describeFailure(title, message = '') {
  const lines = message.split('\n').slice(0, messageLines);
  return [`failed: ${title}`, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** The summary of a run: its failures, and `N passed, N failed` as the last line. */
export function summaryLines({ failedSteps, tests }) {
  const { passed, failed, skipped, failures } = tests ?? { passed: 0, failed: 0, skipped: 0, failures: [] };
  return [
    ...failedSteps.map((title) => `failed: ${title}`),
    ...failures,
    ...(skipped > 0 ? [`${skipped} tests were skipped`] : []),
    `${passed} passed, ${failed + failedSteps.length} failed`,
  ];
}

/** @returns whether all is well */
export async function writeSummary({ failedSteps, tests, start }) {
  const lines = summaryLines({ failedSteps, tests });
  await mkdir(folder, { recursive: true });
  await writeFile(summaryFile, `${lines.join('\n')}\n`);
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  process.stdout.write(`\n${lines.join('\n')} (${minutes} min)\n`);
  return failedSteps.length === 0 && tests !== undefined && tests.failed === 0;
}
