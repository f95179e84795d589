import { afterEach, expect, test } from 'vitest';
import { formatInstance, traceId } from './instance.js';
import type { Kit } from './kit.js';
import { type Service, startService } from './service.js';

const config = { logLevel: 'silent', ops: { host: '127.0.0.1', port: 0 }, shutdownMs: 2000 };
let service: Service | undefined;
afterEach(() => service?.stop());

async function start(begin: (kit: Kit) => void = () => {}): Promise<Service> {
  service = await startService('some_server', config, {}, async (_config, kit) => {
    begin(kit);
    return { client: 1234 };
  });
  return service;
}

const get = async (path: string, method = 'GET') => {
  const response = await fetch(`http://127.0.0.1:${service?.ports.ops}${path}`, { method });
  return { status: response.status, text: await response.text() };
};

test('is alive, ready with each dependency named, and has metrics under their full names', async () => {
  let natsUp = true;
  const { ports } = await start((kit) => {
    kit.health.addCheck('nats', () => natsUp);
    kit.health.addCheck('postgres', () => true);
    kit.metrics.counter('things_total', 'Things').inc(3);
  });
  expect(ports.client).toBe(1234);
  expect((await get('/livez')).status).toBe(200);
  expect(await get('/readyz')).toMatchObject({ status: 200 });
  natsUp = false;
  const notReady = await get('/readyz');
  expect(notReady.status).toBe(503);
  expect(JSON.parse(notReady.text)).toEqual({
    ready: false,
    draining: false,
    dependencies: { nats: 'down', postgres: 'up' },
  });
  expect((await get('/metrics')).text).toContain('teamtalk_some_server_things_total 3');
  expect((await get('/nothing')).status).toBe(404);
  expect((await get('/metrics', 'POST')).status).toBe(405);
});

test('stops its parts in reverse order, each once, and is not ready meanwhile', async () => {
  const stopped: string[] = [];
  let readyAtStop: boolean | undefined;
  const running = await start((kit) => {
    kit.life.onStop('first', () => {
      stopped.push('first');
    });
    kit.life.onStop('broken', () => {
      throw new Error('broken');
    });
    kit.life.onStop('last', async () => {
      readyAtStop = kit.health.report().ready;
      stopped.push('last');
    });
  });
  await Promise.all([running.stop(), running.stop()]);
  expect(stopped).toEqual(['last', 'first']);
  expect(readyAtStop).toBe(false);
});

test('a failed start stops what it had started', async () => {
  const stopped: string[] = [];
  const failing = startService('some_server', config, {}, async (_config, kit) => {
    kit.life.onStop('first', () => {
      stopped.push('first');
    });
    throw new Error('no luck');
  });
  await expect(failing).rejects.toThrow('no luck');
  expect(stopped).toEqual(['first']);
});

test('a hanging part does not prevent the others from stopping', async () => {
  const stopped: string[] = [];
  const failing = await startService(
    'some_server',
    { ...config, shutdownMs: 150 },
    {},
    async (_config, kit) => {
      kit.life.onStop('first', () => {
        stopped.push('first');
      });
      kit.life.onStop('hangs', () => new Promise(() => {}));
      return {};
    },
  );
  await failing.stop();
  expect(stopped).toEqual(['first']);
});

test('instances and traces are fixed-width hex', () => {
  expect(formatInstance(0xab)).toBe('000000ab');
  expect(traceId(0xffffffff, 1)).toBe('ffffffff00000001');
});
