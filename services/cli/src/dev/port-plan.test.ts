import { expect, test } from 'vitest';
import { parseReplicas } from './options.js';
import { planPorts } from './port-plan.js';

/** As the real one, with the given ports in use. */
function inUse(...ports: number[]) {
  return async (wanted: number, taken: ReadonlySet<number>) => {
    let port = wanted;
    while (taken.has(port) || ports.includes(port)) port++;
    return port;
  };
}

test('replica k has the default ports plus k', async () => {
  const { planned, moved } = await planPorts(parseReplicas('msg_server=2'), inUse());
  expect(planned.filter(({ service }) => service === 'msg_server')).toEqual([
    { service: 'msg_server', replica: 0, ports: { client: 8000, ws: 9090, ops: 18000 } },
    { service: 'msg_server', replica: 1, ports: { client: 8001, ws: 9091, ops: 18001 } },
  ]);
  expect(moved).toEqual([]);
});

test('a port in use is replaced by the next free one, and told', async () => {
  const { planned, moved } = await planPorts(parseReplicas('msg_server=2'), inUse(8000, 8001));
  expect(planned.filter(({ service }) => service === 'msg_server').map(({ ports }) => ports.client)).toEqual([
    8002, 8003,
  ]);
  expect(moved).toEqual([
    { service: 'msg_server', replica: 0, name: 'client', wanted: 8000, given: 8002 },
    { service: 'msg_server', replica: 1, name: 'client', wanted: 8001, given: 8003 },
  ]);
});

test('no replica takes the default port of another service, and no port is given twice', async () => {
  const { planned } = await planPorts(parseReplicas('msg_server=12,login_server=3,route_server=12'), inUse());
  const login = planned.find(({ service, replica }) => service === 'login_server' && replica === 0);
  expect(login?.ports).toMatchObject({ http: 8080, tcp: 8008 });
  const all = planned.flatMap(({ ports }) => Object.values(ports));
  expect(new Set(all).size).toBe(all.length);
});

test('what others depend on comes first', async () => {
  const { planned } = await planPorts(parseReplicas('db_proxy_server=2'), inUse());
  expect(planned.slice(0, 3).map(({ service, replica }) => `${service}-${replica}`)).toEqual([
    'db_proxy_server-0',
    'db_proxy_server-1',
    'route_server-0',
  ]);
});
