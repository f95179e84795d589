import { afterEach, expect, it, vi } from 'vitest';
import { runCli } from '../cli.js';

afterEach(() => vi.restoreAllMocks());

/** Exit status and output of `teamtalk plan`. */
async function plan(...words: string[]) {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const status = await runCli(['plan', ...words]);
  const text = (spy: typeof out) => spy.mock.calls.map(([part]) => String(part)).join('');
  return { status, stdout: text(out), stderr: text(err) };
}

it('shows every assumption and the sources of the measurements', async () => {
  const { status, stdout, stderr } = await plan('--users', '10000', '--peak-factor', '12.5');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^10,000 users: in the busiest second 58 messages/);
  expect(stdout).toMatch(/^msg_server +2 /m);
  expect(stdout).toMatch(/^ {2}--peak-factor +12\.5 /m);
  expect(stdout).toMatch(/^ {2}--online-share +0\.6 /m);
  expect(stdout).toContain('docs/reports/2026-11-25-performance.md');
});

it('prints one JSON object that includes the assumptions', async () => {
  const { stdout } = await plan('--users', '10000', '--devices', '2', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    users: 10_000,
    load: { connections: 12_000 },
    assumptions: { devices: 2, members: 30 },
  });
});

it.each([
  ['zero users', ['--users', '0'], 2, 'must be a whole number from 1 to 1000000000'],
  ['a missing number of users', [], 2, "required option '--users <n>' not specified"],
  ['a share of more than all', ['--users', '5', '--group-share', '2'], 2, 'must be a number from 0 to 1'],
  ['a negative number', ['--users', '5', '--members=-3'], 2, 'must be a number from 2 to 10000'],
  [
    'a text in place of a number',
    ['--users', '5', '--peak-factor', 'high'],
    2,
    'must be a number from 1 to 10000',
  ],
  [
    'more users than one installation can have',
    ['--users', '1000000000'],
    1,
    'no plan for 1000000000 users with these assumptions: more than 2000 replicas of a service',
  ],
])('refuses %s', async (_, words, status, reason) => {
  const failed = await plan(...words);
  expect(failed).toMatchObject({ status, stdout: '' });
  expect(failed.stderr).toContain(reason);
});
