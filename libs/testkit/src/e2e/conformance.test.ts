import { expect, it } from 'vitest';
import { runConformance, textTable } from '../conformance/index.js';
import { TestCluster, testPassword } from '../index.js';

/** Four work together: three cases at a time. */
const users = Array.from({ length: 12 }, (_, i) => `conform-${i}`);
const lockUser = 'conform-locked';

it('this server conforms: every case passes, and none is left out', { timeout: 180_000 }, async () => {
  const cluster = await TestCluster.start({
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
    login_server: 1,
    http_msg_server: 1,
    file_server: 2,
    msfs: 1,
  });
  try {
    await cluster.addUsers([...users, lockUser]);
    const host = '127.0.0.1';
    const results = await runConformance({
      servers: [0, 1].map((k) => ({ host, port: cluster.port('msg_server', k, 'client') })),
      users,
      password: testPassword,
      lockUser,
      http: cluster.url('http_msg_server'),
      loginHttp: cluster.url('login_server'),
      loginTcp: { host, port: cluster.port('login_server', 0, 'tcp') },
      msfs: cluster.url('msfs'),
      deadlineMs: 15_000,
    });
    const wanting = results.filter(({ status }) => status !== 'passed');
    expect(wanting.length, textTable(wanting)).toBe(0);
    expect(results.length).toBeGreaterThan(200);
  } finally {
    await cluster.stop();
  }
});
