import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { testNats } from './infrastructure.js';
import { isAlive, isGone } from './processes.js';
import { ServiceProcess } from './service-process.js';

test('a service whose owner was killed stops by itself', async () => {
  const nats = await testNats();
  const env = { NATS_URL: nats.url, NATS_PREFIX: nats.prefix, OPS_PORT: '0', LOG_LEVEL: 'silent' };
  // The built module: a bare node process does not read TypeScript.
  const module = fileURLToPath(new URL('../dist/service-process.js', import.meta.url));
  const script = `import { ServiceProcess } from ${JSON.stringify(module)};
    const service = ServiceProcess.start({ service: 'route_server', env: ${JSON.stringify(env)}, output: 'none' });
    await service.ready;
    process.stdout.write(String(service.pid));`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(owner.stdout, 'data')) as [Buffer];
  const pid = Number(text.toString());
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  expect(await isGone(pid, 10_000)).toBe(true);
});

test('one that cannot start says why', async () => {
  const service = ServiceProcess.start({
    service: 'route_server',
    env: { OPS_PORT: 'any' },
    output: 'none',
  });
  await expect(service.ready).rejects.toThrow(/exit status 78[\s\S]*OPS_PORT: must be a port number/);
  expect(await service.exited).toEqual({ code: 78, signal: null });
  expect(await service.stop(1_000)).toBe(true);
});
