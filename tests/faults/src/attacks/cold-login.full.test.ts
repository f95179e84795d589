import { TestCluster } from '@teamtalk/cluster';
import { expect, it, onTestFinished } from 'vitest';
import { coldLogin } from './cold-login.js';

it('five logins in a row that ask for everything in a company of 10,000 are not slowed', async () => {
  const cluster = await TestCluster.start({ envOf: coldLogin.envOf(5) });
  onTestFinished(() => cluster.stop());
  expect(await coldLogin.run(cluster, 5, async () => '')).toMatchObject({ 'requests held': 0 });
  // Otherwise nothing is slowed because nothing costs.
  const tight = await TestCluster.start({ envOf: { msg_server: { REQUEST_BURST: '20000' } } });
  onTestFinished(() => tight.stop());
  const { 'requests held': held } = await coldLogin.run(tight, 1, async () => '');
  expect(held).toBeGreaterThan(0);
}, 300_000);
