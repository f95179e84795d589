import { Bus, topics } from '@teamtalk/bus';
import { type TestNats, testNats } from '@teamtalk/local-stack';
import { teamtalk } from '@teamtalk/rpc';
import { createLogger, Metrics } from '@teamtalk/service-kit';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { cheapArgon2, createTestContext, type TestContext } from '../../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { addUser } from '../add-user.js';
import { login } from '../login.js';
import { clientDigest } from './password.js';
import { BoxKey, seal } from './sealed-box.js';

const { LOGIN_OK } = teamtalk.db.LoginResult;

interface Replica {
  context: TestContext;
  bus: Bus;
  logIn: ReturnType<typeof login>;
}

let database: TestDatabase;
let nats: TestNats;
const running = new Set<Replica>();

beforeAll(async () => {
  database = await createTestDatabase();
  nats = await testNats();
});
afterEach(async () => {
  for (const replica of [...running]) await stop(replica);
});
afterAll(() => database.drop());

async function start(): Promise<Replica> {
  const log = createLogger({ service: 'test', instance: 0, level: 'silent' });
  const bus = await Bus.connect({ ...nats, name: 'test', log, metrics: new Metrics('test') });
  const context = await createTestContext(database.url);
  const replica = { context, bus, logIn: login(context) };
  running.add(replica);
  await context.proofKey.join(bus);
  return replica;
}

async function stop(replica: Replica): Promise<void> {
  running.delete(replica);
  await replica.bus.drain();
  await replica.context.close();
}

/** @returns how many password checks it took */
async function logIn({ context, logIn }: Replica, userName: string): Promise<number> {
  const check = vi.spyOn(context.passwords, 'check');
  const request = new teamtalk.db.LoginRequest({ userName, passwordMd5: clientDigest('secret') });
  expect((await logIn(request)).result).toBe(LOGIN_OK);
  const checks = check.mock.calls.length;
  check.mockRestore();
  return checks;
}

const newUser = (name: string) => addUser(database.dataSource, { name, password: 'secret' }, cheapArgon2);

test('proofs outlive the restart of every replica in turn, and end with the last one', async () => {
  await newUser('anna');
  const [a, b] = [await start(), await start()];
  expect(await logIn(a, 'anna')).toBe(1);
  expect(await logIn(b, 'anna')).toBe(0);
  await stop(a);
  const c = await start();
  await stop(b);
  const d = await start();
  expect([await logIn(c, 'anna'), await logIn(d, 'anna')]).toEqual([0, 0]);
  await stop(c);
  await stop(d);
  const e = await start();
  expect([await logIn(e, 'anna'), await logIn(e, 'anna')]).toEqual([1, 0]);
});

test('replicas that start at the same time come to share one key', async () => {
  await newUser('bert');
  const replicas = await Promise.all([start(), start(), start()]);
  expect(await logIn(replicas[0] as Replica, 'bert')).toBe(1);
  const [row] = await database.dataSource.query('SELECT fingerprint FROM login_proof_key');
  expect(row).toBeDefined();
  // Whatever came of the race, one that starts afterwards has the key of those that won it.
  const late = await start();
  await logIn(late, 'bert');
  const later = await start();
  expect(await logIn(later, 'bert')).toBe(0);
});

test('who is on the bus but cannot write to the database gets no key, and nobody gets it twice', async () => {
  await start();
  const { bus } = await start();
  const [{ fingerprint }] = await database.dataSource.query('SELECT fingerprint FROM login_proof_key');
  const ask = (requestId: string, ms = 300) =>
    bus.request(topics.proofKey, { requestId, fingerprint }, ms).catch((error: unknown) => error);
  const stranger = '00000000-0000-4000-8000-000000000000';
  expect(await ask(stranger)).toMatchObject({ code: 'deadline-exceeded' });

  const own = new BoxKey();
  await database.dataSource.query('INSERT INTO login_proof_request (id, public_key) VALUES ($1, $2)', [
    stranger,
    own.publicKey,
  ]);
  const answer = (await ask(stranger, 20_000)) as { box: Buffer };
  expect(own.open(Buffer.from(answer.box))).toHaveLength(32);
  expect(() => new BoxKey().open(Buffer.from(answer.box))).toThrow();
  expect(await ask(stranger)).toMatchObject({ code: 'deadline-exceeded' });
});

test('a proof is of one user, one password and one stored hash, and the database does not tell the key', async () => {
  const { context } = await start();
  const { proofKey, loginProofs } = context;
  const mac = proofKey.mac(1, 'digest', 'hash');
  expect(loginProofs.isProven(1, 'digest', 'hash', mac)).toBe(true);
  expect(loginProofs.isProven(2, 'digest', 'hash', mac)).toBe(false);
  expect(loginProofs.isProven(1, 'other', 'hash', mac)).toBe(false);
  expect(loginProofs.isProven(1, 'digest', 'changed', mac)).toBe(false);
  expect(loginProofs.isProven(1, 'digest', 'hash', mac.subarray(1))).toBe(false);
});

test('a box is opened by the holder of its key only, and not when it was changed', () => {
  const key = new BoxKey();
  const box = seal(Buffer.from('secret'), key.publicKey);
  expect(key.open(box).toString()).toBe('secret');
  expect(box.includes('secret')).toBe(false);
  for (const at of [20, 50, box.length - 1]) {
    const changed = Buffer.from(box);
    changed[at] = changed[at]! ^ 1;
    expect(() => key.open(changed)).toThrow();
  }
  expect(() => new BoxKey().open(box)).toThrow();
});
