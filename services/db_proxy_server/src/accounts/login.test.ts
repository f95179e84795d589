import { createHash } from 'node:crypto';
import { teamtalk } from '@teamtalk/rpc';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { cheapArgon2, createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { addUser } from './add-user.js';
import { login } from './login.js';
import { clientDigest, hashPassword } from './passwords/password.js';

const { LOGIN_OK, LOGIN_WRONG_NAME_OR_PASSWORD, LOGIN_TOO_MANY_ATTEMPTS } = teamtalk.db.LoginResult;

let database: TestDatabase;
let replicas: TestContext[];
type Login = (name: string, digest: string, address?: string) => Promise<teamtalk.db.LoginReply.$Properties>;
let logins: Login[];
let userId: number;
let nextName = 0;
let name: string;

beforeAll(async () => {
  database = await createTestDatabase();
  replicas = await Promise.all([createTestContext(database.url), createTestContext(database.url)]);
  logins = replicas.map((replica) => {
    const handler = login(replica);
    return (userName, passwordMd5, address = '') =>
      handler(new teamtalk.db.LoginRequest({ userName, passwordMd5, clientType: 1, address }));
  });
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await database.drop();
});
beforeEach(async () => {
  name = `user${++nextName}`;
  userId = await addUser(database.dataSource, { name, password: 'secret', nickName: 'Nick' }, cheapArgon2);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function attempt(password: string, replica = 0, who = name) {
  return (logins[replica] as (typeof logins)[number])(who, clientDigest(password));
}

async function resultOf(password: string, replica = 0, who = name) {
  return (await attempt(password, replica, who)).result;
}

test('the right password logs in and returns the visible fields of the user', async () => {
  const reply = await attempt('secret');
  expect(reply.result).toBe(LOGIN_OK);
  expect(reply.user).toEqual({
    userId,
    userGender: 0,
    userNickName: 'Nick',
    avatarUrl: '',
    departmentId: 0,
    email: '',
    userRealName: 'Nick',
    userTel: '',
    userDomain: name,
    status: 0,
    signInfo: '',
  });
});

test('a later login has a larger login_seq, on any replica', async () => {
  const numbers: number[] = [];
  for (const replica of [0, 1, 1, 0, 1]) {
    numbers.push((await attempt('secret', replica)).loginSeq as number);
  }
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(new Set(numbers).size).toBe(5);
});

test('a wrong password, an unknown name and a disabled user get the same result', async () => {
  const wrong = await attempt('wrong');
  expect(wrong).toEqual({ result: LOGIN_WRONG_NAME_OR_PASSWORD });
  expect(await attempt('secret', 0, 'nobody')).toEqual(wrong);
  await attempt('secret');
  await database.dataSource.query('UPDATE im_user SET status = 3 WHERE id = $1', [userId]);
  expect(await attempt('secret')).toEqual(wrong);
});

test('each of them takes one argon2 computation', async () => {
  const check = vi.spyOn((replicas[0] as TestContext).passwords, 'check');
  await attempt('wrong');
  await attempt('secret', 0, 'nobody');
  expect(check).toHaveBeenCalledTimes(2);
});

test('impossible names are refused without being counted', async () => {
  const find = vi.spyOn((replicas[0] as TestContext).logins, 'find');
  for (const impossible of ['', 'x'.repeat(65), 'x'.repeat(1_000_000), `${name}\0`]) {
    expect(await resultOf('secret', 0, impossible)).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  }
  expect(find).not.toHaveBeenCalled();
  const longest = '😀'.repeat(64);
  await addUser(database.dataSource, { name: longest, password: 'secret' }, cheapArgon2);
  expect(await resultOf('secret', 0, longest)).toBe(LOGIN_OK);
});

test('a value that is not an MD5 is a wrong password', async () => {
  for (const digest of ['', 'secret', clientDigest('secret').toUpperCase(), 'x'.repeat(100_000)]) {
    const reply = await logins[1]?.(name, digest);
    expect(reply?.result).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  }
});

test('a legacy hash is accepted once and replaced by argon2', async () => {
  const { dataSource } = database;
  const salt = '2233';
  const legacy = createHash('md5')
    .update(clientDigest('secret') + salt)
    .digest('hex');
  await dataSource.query(
    'UPDATE im_user SET password_hash = $2, legacy_salt = $3, updated_at = to_timestamp(1000) WHERE id = $1',
    [userId, legacy, salt],
  );
  expect(await resultOf('wrong')).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  expect(await resultOf('secret')).toBe(LOGIN_OK);
  const stored = async () => {
    const [row] = await dataSource.query(
      'SELECT password_hash, legacy_salt, extract(epoch FROM updated_at)::int AS updated FROM im_user WHERE id = $1',
      [userId],
    );
    return row;
  };
  await expect.poll(stored).toMatchObject({ legacy_salt: null });
  const row = await stored();
  expect(row.password_hash).toMatch(/^\$argon2id\$/);
  expect(row.updated, 'an upgrade is no change that others must fetch').toBe(1000);
  expect(await resultOf('wrong', 1)).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  expect(await resultOf('secret', 1)).toBe(LOGIN_OK);
});

test('a hash cheaper than the configured cost is replaced at a successful login, a more expensive one stays', async () => {
  const stored = async () => {
    const [row] = await database.dataSource.query(
      `SELECT substring(password_hash from 'm=.*?,t=[0-9]+') AS cost FROM im_user WHERE id = $1`,
      [userId],
    );
    return row.cost as string;
  };
  const dearer = await createTestContext(database.url, { argon2: { memoryKib: 16, iterations: 2 } });
  try {
    const handler = login(dearer);
    const logIn = async (password: string) =>
      (await handler(new teamtalk.db.LoginRequest({ userName: name, passwordMd5: clientDigest(password) })))
        .result;
    expect(await stored()).toBe('m=8,t=1');
    expect(await logIn('wrong')).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
    expect(await stored()).toBe('m=8,t=1');
    expect(await logIn('secret')).toBe(LOGIN_OK);
    await expect.poll(stored).toBe('m=16,t=2');
    expect(await logIn('secret')).toBe(LOGIN_OK);
    expect(await resultOf('secret')).toBe(LOGIN_OK);
    expect(await stored()).toBe('m=16,t=2');
  } finally {
    await dearer.close();
  }
});

test('a repeated login costs no argon2, until the password changes', async () => {
  const check = vi.spyOn((replicas[0] as TestContext).passwords, 'check');
  expect(await resultOf('secret')).toBe(LOGIN_OK);
  expect(await resultOf('secret')).toBe(LOGIN_OK);
  expect(check).toHaveBeenCalledTimes(1);
  await database.dataSource.query('UPDATE im_user SET password_hash = $2 WHERE id = $1', [
    userId,
    await hashPassword('changed', cheapArgon2),
  ]);
  expect(await resultOf('secret')).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  expect(await resultOf('changed')).toBe(LOGIN_OK);
});

test('when everybody’s hash is outdated, logins cost one check each, and hashes are replaced one after the other', async () => {
  const names = Array.from({ length: 150 }, () => `user${++nextName}`);
  for (const each of names)
    await addUser(database.dataSource, { name: each, password: 'secret' }, cheapArgon2);
  const outdated = async () => {
    const [row] = await database.dataSource.query(
      `SELECT count(*)::int4 AS count FROM im_user WHERE name = ANY ($1) AND password_hash LIKE '%m=8,t=1,%'`,
      [names],
    );
    return row.count as number;
  };
  const dearer = await createTestContext(database.url, { argon2: { memoryKib: 16, iterations: 1 } });
  let atOnce = 0;
  let most = 0;
  let begin = () => {};
  const allIn = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const hash = dearer.passwords.hash.bind(dearer.passwords);
  vi.spyOn(dearer.passwords, 'hash').mockImplementation(async (digest) => {
    most = Math.max(most, ++atOnce);
    await allIn;
    return hash(digest).finally(() => atOnce--);
  });
  const check = vi.spyOn(dearer.passwords, 'check');
  try {
    const handler = login(dearer);
    const passwordMd5 = clientDigest('secret');
    const logInAll = () =>
      Promise.all(
        names.map(async (userName) => {
          const request = new teamtalk.db.LoginRequest({ userName, passwordMd5 });
          expect((await handler(request)).result).toBe(LOGIN_OK);
        }),
      );
    await logInAll();
    expect(check).toHaveBeenCalledTimes(names.length);
    expect(await outdated(), 'left when all are in').toBe(names.length);
    begin();
    // Those that found no room in the queue are offered again by later logins, which cost no check.
    for (let left = await outdated(); left > 0; left = await outdated()) {
      await logInAll();
      await expect.poll(outdated, { timeout: 20_000 }).toBeLessThan(left);
    }
    expect(check).toHaveBeenCalledTimes(names.length);
    expect(most).toBe(1);
  } finally {
    begin();
    await dearer.hashUpgrades.stop();
    await dearer.close();
  }
  // The background work takes a tenth of the time that hashing takes, which is long on a busy machine.
}, 120_000);

test('an account without a usable hash cannot log in', async () => {
  for (const hash of ['!', '', '$1$abc']) {
    await database.dataSource.query('UPDATE im_user SET password_hash = $2 WHERE id = $1', [userId, hash]);
    expect(await resultOf('secret')).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  }
});

test('ten failures, on any replica, lock the name on all replicas until the window has passed', async () => {
  for (let i = 0; i < 10; i++) {
    expect(await resultOf('wrong', i % 2)).toBe(LOGIN_WRONG_NAME_OR_PASSWORD);
  }
  for (const replica of [0, 1]) {
    expect(await attempt('secret', replica)).toEqual({ result: LOGIN_TOO_MANY_ATTEMPTS });
    expect(await resultOf('wrong', replica)).toBe(LOGIN_TOO_MANY_ATTEMPTS);
  }
  // Still locked after 29 minutes, open 30 minutes after the first failure.
  const later = `UPDATE login_failure SET failed_at =
    (SELECT array_agg(f - $2::interval ORDER BY f) FROM unnest(failed_at) f) WHERE name = $1`;
  await database.dataSource.query(later, [name, '29 minutes']);
  expect(await resultOf('secret')).toBe(LOGIN_TOO_MANY_ATTEMPTS);
  await database.dataSource.query(later, [name, '61 seconds']);
  expect(await resultOf('secret', 1)).toBe(LOGIN_OK);
});

test('an unknown name is locked in the same way', async () => {
  for (let i = 0; i < 10; i++) await attempt('wrong', i % 2, 'ghost');
  expect(await resultOf('wrong', 0, 'ghost')).toBe(LOGIN_TOO_MANY_ATTEMPTS);
});

test('concurrent attempts are counted like sequential ones', async () => {
  const results = await Promise.all(Array.from({ length: 15 }, (_, i) => resultOf(`guess ${i}`)));
  expect(results.filter((result) => result === LOGIN_WRONG_NAME_OR_PASSWORD)).toHaveLength(10);
  expect(results.filter((result) => result === LOGIN_TOO_MANY_ATTEMPTS)).toHaveLength(5);
});

test('too many concurrent attempts on one name are refused, not queued without bound', async () => {
  const results = await Promise.allSettled(Array.from({ length: 200 }, () => attempt('secret')));
  const served = results.filter(({ status }) => status === 'fulfilled');
  expect(served.length).toBe(20);
  const turnedAway = results.find((result) => result.status === 'rejected');
  expect(turnedAway?.reason).toMatchObject({ code: 'resource-exhausted' });
  expect(await resultOf('secret')).toBe(LOGIN_OK);
});

test('a successful login clears earlier failures', async () => {
  for (let i = 0; i < 9; i++) await attempt('wrong');
  expect(await resultOf('secret')).toBe(LOGIN_OK);
  for (let i = 0; i < 9; i++) await attempt('wrong');
  expect(await resultOf('secret', 1)).toBe(LOGIN_OK);
});

test('failures outside the window are purged, the others stay', async () => {
  const { dataSource } = database;
  await dataSource.query('DELETE FROM login_failure');
  await attempt('wrong', 0, 'old');
  await attempt('wrong', 0, 'recent');
  await dataSource.query(
    `UPDATE login_failure SET last_at = now() - interval '31 minutes' WHERE name = 'old'`,
  );
  expect(await replicas[0]?.logins.purgeFailures()).toBe(1);
  expect(await dataSource.query('SELECT name FROM login_failure')).toEqual([{ name: 'recent' }]);
});

test('a name’s record does not grow with its failures', async () => {
  const patient = await createTestContext(database.url, {
    loginLimit: { maxFailures: 3, maxNamesPerNetwork: 100, windowSeconds: 1800 },
  });
  try {
    for (let i = 0; i < 8; i++) await patient.logins.recordFailure('persistent', '');
    const [row] = await database.dataSource.query(
      `SELECT cardinality(failed_at) AS kept, last_at - failed_at[3] < interval '1 second' AS newest
        FROM login_failure WHERE name = 'persistent'`,
    );
    expect(row).toEqual({ kept: 3, newest: true });
  } finally {
    await patient.close();
  }
});
