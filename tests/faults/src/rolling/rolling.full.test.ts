import { expect, it } from 'vitest';
import { describeReport, isClean, reportOf } from './report.js';
import { TestRollingCluster } from './test-rolling-cluster.js';

it('a restart of everything in turn under load fails, loses, doubles and swaps nothing', async ({
  annotate,
}) => {
  const said: string[] = [];
  const testbed = await TestRollingCluster.start({
    clients: 100,
    rate: 100,
    most: 60_000,
    spreadMs: 500,
    preStopMs: 200,
    pauseMs: 200,
    waitFactor: 0.2,
    say: (text) => said.push(text),
  });
  try {
    await testbed.begin();
    await testbed.replaceAll('restart');
    await testbed.finish();
    const report = reportOf(testbed, 100);
    await annotate(describeReport(report));
    expect(isClean(report), `${said.join('\n')}\n${describeReport(report)}`).toBe(true);
    expect(report.acked).toBe(report.sent);
    expect(report.troubles.breaks).toBeGreaterThanOrEqual(100);
    // A Service's callers keep their connections; those are closed when an answer says so, not under a request.
    expect(Object.values(report.calls).map(({ failed }) => failed)).toEqual([0, 0, 0, 0]);
  } finally {
    await testbed.stop();
  }
}, 180_000);
