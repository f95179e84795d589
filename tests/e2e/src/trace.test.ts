import { TestCluster } from '@teamtalk/cluster';
import { createLogger } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';

interface Line {
  msg: string;
  trace?: string;
}

const lines: Line[] = [];
let cluster: TestCluster;

beforeAll(async () => {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  cluster = await TestCluster.start({
    msg_server: 2,
    http_msg_server: 1,
    log: createLogger({ service: 'all', instance: 1, level: 'debug', destination }),
  });
});
afterAll(() => cluster?.stop());

/** The hops of a message. It may go to the msg_servers directly, or by a route_server where that is in doubt. */
const wayOf = (trace: string | undefined) =>
  lines
    .filter((line) => line.trace === trace)
    .map(({ msg }) => (msg === 'message sent to msg_servers directly' ? 'message routed' : msg));

it('one trace id follows a message from the sender’s PDU to the receiver’s', async () => {
  const ids = await cluster.addUsers(['ann', 'ben']);
  const ann = await cluster.connect('ann', { server: 0 });
  const ben = await cluster.connect('ben', { server: 1 });
  await ann.send({ user: ids.ben }, 'x');
  await ben.nextMessage();
  await cluster.settle();
  const trace = lines.find((line) => line.msg === 'message accepted')?.trace;
  expect(trace).toMatch(/^[0-9a-f]{16}$/);
  // Both msg_servers handle the delivery: the sender's, too, although the sender has no other connection there.
  expect(wayOf(trace).sort()).toEqual([
    'message accepted',
    'message delivered',
    'message delivered',
    'message result received',
    'message routed',
    'message stored',
  ]);
});

it('and a pushed one from the HTTP request', async () => {
  const ids = await cluster.addUsers(['system', 'cleo']);
  const cleo = await cluster.connect('cleo');
  const response = await fetch(`${cluster.url('http_msg_server')}/query/SendP2PMessage`, {
    method: 'POST',
    body: JSON.stringify({ from_user_id: ids.system, session_id: ids.cleo, msg: 'x' }),
  });
  expect(await response.json()).toMatchObject({ error_code: 0 });
  await cleo.nextMessage();
  await cluster.settle();
  const access = lines.find(
    (line) => line.trace && wayOf(line.trace).length > 0 && !wayOf(line.trace).includes('message accepted'),
  );
  expect(wayOf(access?.trace)).toEqual(
    expect.arrayContaining(['message stored', 'message routed', 'message delivered']),
  );
});
