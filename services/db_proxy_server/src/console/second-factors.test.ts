import { randomBytes } from 'node:crypto';
import { consoleApi, consoleWork, type Method } from '@teamtalk/rpc';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { inviteToConsole } from './invite.js';
import { consoleRpc } from './rpc.js';

const { CALL_DONE, CALL_SECOND_FACTOR_NEEDED } = consoleApi.console.CallResult;
const { LOG_IN_CODE_NEEDED, LOG_IN_DONE, LOG_IN_REFUSED, LOG_IN_TOO_MANY_ATTEMPTS, LOG_IN_WRONG_CODE } =
  consoleApi.console.LogInResult;
const {
  ACCOUNT_CONFLICT,
  ACCOUNT_DONE,
  ACCOUNT_TOO_MANY_ATTEMPTS,
  ACCOUNT_WRONG_CODE,
  ACCOUNT_WRONG_PASSWORD,
} = consoleApi.console.AccountResult;
const { CallRequest, LogInRequest, SetUpRequest } = consoleApi.console;
const password = 'correct horse battery';
const [oldKey, newKey] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];

let database: TestDatabase;
const contexts: TestContext[] = [];

type Rpc = ReturnType<typeof consoleRpc>;

/** The gRPC handlers of a replica with these settings. */
async function replica(secretsKey: string, ...secondFactorRoles: 'owner'[]): Promise<Rpc> {
  const context = await createTestContext(database.url, {
    console: { secretsKey, secondFactorRoles, issuer: '' },
  });
  contexts.push(context);
  return consoleRpc(context, { administration: {}, groups: {}, bots: {} } as never);
}

let rpc: Rpc;

beforeAll(async () => {
  database = await createTestDatabase();
  rpc = await replica(oldKey);
});
afterAll(async () => {
  for (const context of contexts) await context.close();
  await database.drop();
});

const invite = async (name: string, role?: string) =>
  (await inviteToConsole(database.dataSource, { name, ...(role && { role }) })).token;

async function setUp(token: string, code = '', by = rpc) {
  const session = randomBytes(32);
  const request = { token, password, code, session, address: '10.0.0.1', userAgent: 'test' };
  return { ...(await by.setUp(new SetUpRequest(request))), id: session };
}

async function logIn(name: string, code = '', by = rpc, typed = password) {
  const session = randomBytes(32);
  const request = { name, password: typed, code, session, address: '10.0.0.1', userAgent: 'test' };
  return { ...(await by.logIn(new LogInRequest(request))), id: session };
}

async function call<In, Out, ReplyIn, ReplyOut>(
  session: Buffer,
  method: Method<In, Out, ReplyIn, ReplyOut>,
  request: In,
  by = rpc,
): Promise<ReplyOut & { called: unknown }> {
  const bytes = method.requestSerialize(request);
  const asked = new CallRequest({ session, address: '10.0.0.1', method: method.path, request: bytes });
  const { result, reply } = await by.call(asked);
  const decoded = method.responseDeserialize(Buffer.from(reply ?? [])) as ReplyOut & object;
  return Object.assign(decoded, { called: result });
}

/** A code for a secret. @param steps of 30 seconds after now; the next step is accepted, and each code works once */
function codeOf(secret: string, steps = 0): string {
  const timestamp = Date.now() + steps * 30_000;
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp });
}

let accounts = 0;

/** An account that logs in with codes. The current code has not been used yet. */
async function withCodes(role = 'viewer') {
  const name = `${role} ${++accounts}`;
  const { id } = await setUp(await invite(name, role));
  const begun = await call(id, consoleWork.beginSecondFactor, { password });
  expect(begun.result).toBe(ACCOUNT_DONE);
  const { secret } = begun;
  const confirmed = await call(id, consoleWork.confirmSecondFactor, { code: codeOf(secret) });
  expect(confirmed.result).toBe(ACCOUNT_DONE);
  await database.dataSource.query('UPDATE console_second_factor SET last_step = 0');
  return { name, id, secret, uri: begun.uri, codes: confirmed.codes as string[] };
}

const verbs = async (count: number): Promise<string[]> =>
  (await database.dataSource.query(`SELECT verb FROM audit_event ORDER BY id DESC LIMIT $1`, [count])).map(
    ({ verb }: { verb: string }) => verb,
  );

it('an account with a confirmed second factor needs a code at every login, and each code works once', async () => {
  const { name, secret, uri } = await withCodes();
  expect(uri).toMatch(/^otpauth:\/\/totp\/TeamTalk:viewer%201\?issuer=TeamTalk&secret=[A-Z2-7]{32}&/);
  expect((await verbs(2)).toReversed()).toEqual(['account.second-factor-begin', 'account.second-factor']);
  expect((await logIn(name)).result).toBe(LOG_IN_CODE_NEEDED);
  expect((await logIn(name, '', rpc, 'wrong')).result).toBe(LOG_IN_REFUSED);
  const [now, later] = [codeOf(secret), codeOf(secret, 1)];
  expect((await logIn(name, codeOf(secret, 5))).result).toBe(LOG_IN_WRONG_CODE);
  expect((await logIn(name, `${later.slice(0, 3)} ${later.slice(3)}`)).result).toBe(LOG_IN_DONE);
  expect((await logIn(name, later)).result).toBe(LOG_IN_WRONG_CODE);
  expect((await logIn(name, now)).result).toBe(LOG_IN_WRONG_CODE);
});

it('of two simultaneous logins with the same code only one succeeds', async () => {
  const { name, secret } = await withCodes();
  const other = await replica(oldKey);
  const code = codeOf(secret);
  const results = (await Promise.all([logIn(name, code), logIn(name, code, other)])).map(
    ({ result }) => result,
  );
  expect(results.sort()).toEqual([LOG_IN_DONE, LOG_IN_WRONG_CODE]);
});

it('an unconfirmed secret is not required at login, and can be replaced', async () => {
  const name = 'unsure';
  const { id } = await setUp(await invite(name, 'viewer'));
  expect((await call(id, consoleWork.beginSecondFactor, { password: 'wrong' })).result).toBe(
    ACCOUNT_WRONG_PASSWORD,
  );
  const first = await call(id, consoleWork.beginSecondFactor, { password });
  const second = await call(id, consoleWork.beginSecondFactor, { password });
  expect((await logIn(name)).result).toBe(LOG_IN_DONE);
  const confirm = (secret: string) => call(id, consoleWork.confirmSecondFactor, { code: codeOf(secret) });
  expect((await confirm(first.secret)).result).toBe(ACCOUNT_WRONG_CODE);
  const { result, codes } = await confirm(second.secret);
  expect(result).toBe(ACCOUNT_DONE);
  expect(codes).toHaveLength(10);
  expect(new Set(codes).size).toBe(10);
  expect((await call(id, consoleWork.beginSecondFactor, { password })).result).toBe(ACCOUNT_CONFLICT);
});

it('confirming a second factor ends other sessions', async () => {
  const name = 'elsewhere';
  const first = await setUp(await invite(name, 'viewer'));
  const other = await logIn(name);
  const { secret } = await call(first.id, consoleWork.beginSecondFactor, { password });
  await call(first.id, consoleWork.confirmSecondFactor, { code: codeOf(secret) });
  const sessions = await call(first.id, consoleWork.listOwnSessions, {});
  expect(sessions.sessions).toHaveLength(1);
  expect((await call(other.id, consoleWork.listOwnSessions, {})).called).not.toBe(CALL_DONE);
});

it('a recovery code works once, whatever its spelling, and new codes replace the old ones', async () => {
  const { name, secret, codes } = await withCodes();
  const [first = '', second = '', third = ''] = codes;
  expect(first).toMatch(/^[a-km-np-z2-9]{4}(-[a-km-np-z2-9]{4}){3}$/);
  expect((await logIn(name, first.toUpperCase().replaceAll('-', ' '))).result).toBe(LOG_IN_DONE);
  const [event] = await database.dataSource.query(
    `SELECT verb, after FROM audit_event ORDER BY id DESC LIMIT 1`,
  );
  expect(event).toEqual({ verb: 'account.log-in', after: { name, by: 'recovery-code' } });
  expect((await logIn(name, first)).result).toBe(LOG_IN_WRONG_CODE);
  const { id } = await logIn(name, second);
  const renewed = await call(id, consoleWork.renewRecoveryCodes, { code: codeOf(secret) });
  expect(renewed.result).toBe(ACCOUNT_DONE);
  expect((await logIn(name, third)).result).toBe(LOG_IN_WRONG_CODE);
  expect((await logIn(name, renewed.codes?.[0])).result).toBe(LOG_IN_DONE);
});

it('neither secrets nor recovery codes are stored in plain text', async () => {
  const { name, secret, codes } = await withCodes();
  const rows = await database.dataSource.query(
    `SELECT f.sealed, f.recovery_hashes, e.all FROM console_second_factor f JOIN console_account a ON a.id = f.account_id,
       (SELECT string_agg(row_to_json(e)::text, ' ') AS all FROM audit_event e) AS e WHERE a.name = $1`,
    [name],
  );
  const stored = Buffer.concat([rows[0].sealed, ...rows[0].recovery_hashes]);
  for (const known of [secret, Buffer.from(Secret.fromBase32(secret).bytes), ...codes]) {
    expect(stored.includes(known)).toBe(false);
    expect(rows[0].all).not.toContain(known.toString());
  }
});

it('wrong codes count as failures that a correct password does not reset', async () => {
  const { name, secret } = await withCodes();
  for (let i = 0; i < 10; i++) {
    expect((await logIn(name, '000000')).result, `attempt ${i}`).toBe(LOG_IN_WRONG_CODE);
    if (i < 9) expect((await logIn(name)).result).toBe(LOG_IN_CODE_NEEDED);
  }
  expect((await logIn(name, codeOf(secret))).result).toBe(LOG_IN_TOO_MANY_ATTEMPTS);
  // A new setup link still works, but also needs a code.
  const token = await invite(name);
  expect((await setUp(token)).result).toBe(LOG_IN_CODE_NEEDED);
  expect((await setUp(token, '000000')).result).toBe(LOG_IN_WRONG_CODE);
  expect((await setUp(token, codeOf(secret))).result).toBe(LOG_IN_DONE);
  expect((await logIn(name, codeOf(secret, 1))).result).toBe(LOG_IN_DONE);
});

it('changing the password does not clear the failures of codes', async () => {
  const { id, secret } = await withCodes();
  const remove = async (code: string) => (await call(id, consoleWork.removeSecondFactor, { code })).result;
  for (let i = 0; i < 9; i++) expect(await remove('000000'), `attempt ${i}`).toBe(ACCOUNT_WRONG_CODE);
  const change = { current: password, password };
  expect((await call(id, consoleWork.changeOwnPassword, change)).result).toBe(ACCOUNT_DONE);
  expect(await remove('000000')).toBe(ACCOUNT_WRONG_CODE);
  expect(await remove(codeOf(secret))).toBe(ACCOUNT_TOO_MANY_ATTEMPTS);
});

it('a role that requires a second factor may do nothing but set it up', async () => {
  const strict = await replica(oldKey, 'owner');
  const name = 'strict';
  const opened = await setUp(await invite(name, 'owner'), '', strict);
  expect(opened.session?.secondFactor).toBe(consoleApi.console.SecondFactor.SECOND_FACTOR_NEEDED);
  const counts = () => call(opened.id, consoleWork.getCounts, {}, strict);
  expect((await counts()).called).toBe(CALL_SECOND_FACTOR_NEEDED);
  const { secret } = await call(opened.id, consoleWork.beginSecondFactor, { password }, strict);
  await call(opened.id, consoleWork.confirmSecondFactor, { code: codeOf(secret) }, strict);
  expect((await counts()).called).toBe(CALL_DONE);
  // Other roles may continue without one.
  const viewer = await setUp(await invite('at ease', 'viewer'), '', strict);
  expect((await call(viewer.id, consoleWork.getCounts, {}, strict)).called).toBe(CALL_DONE);
});

it('an account removes its own second factor with a code; an owner resets another’s, which ends its sessions', async () => {
  const owner = await setUp(await invite('resets', 'owner'));
  const { name, id, secret } = await withCodes();
  expect((await call(id, consoleWork.removeSecondFactor, { code: '000000' })).result).toBe(
    ACCOUNT_WRONG_CODE,
  );
  expect((await call(id, consoleWork.removeSecondFactor, { code: codeOf(secret) })).result).toBe(
    ACCOUNT_DONE,
  );
  expect((await logIn(name)).result).toBe(LOG_IN_DONE);

  const lost = await withCodes();
  const { accounts: all } = await call(owner.id, consoleWork.listAccounts, {});
  const idOf = (wanted: string) =>
    (all as { name: string; accountId: number }[]).find((each) => each.name === wanted)?.accountId ?? 0;
  const reset = (accountId: number) => call(owner.id, consoleWork.resetSecondFactor, { accountId });
  expect((await reset(idOf(lost.name))).result).toBe(ACCOUNT_DONE);
  expect(await verbs(1)).toEqual(['account.second-factor-reset']);
  expect((await call(lost.id, consoleWork.listOwnSessions, {})).called).not.toBe(CALL_DONE);
  expect((await logIn(lost.name)).result).toBe(LOG_IN_DONE);
  expect((await reset(idOf(lost.name))).result).toBe(ACCOUNT_CONFLICT);
  expect((await reset(idOf('resets'))).result).toBe(ACCOUNT_CONFLICT);
});

it('a login re-encrypts the secret with a new key; without its key only recovery codes work', async () => {
  const { name, secret, codes } = await withCodes();
  const keyless = await replica('');
  expect((await logIn(name, codeOf(secret), keyless)).result).toBe(LOG_IN_WRONG_CODE);
  expect((await logIn(name, codes[0], keyless)).result).toBe(LOG_IN_DONE);
  const rotating = await replica(`${newKey},${oldKey}`);
  expect((await logIn(name, codeOf(secret), rotating)).result).toBe(LOG_IN_DONE);
  const rotated = await replica(newKey);
  expect((await logIn(name, codeOf(secret, 1), rotated)).result).toBe(LOG_IN_DONE);

  const { id, session } = await setUp(await invite('keyless', 'viewer'), '', keyless);
  expect(session?.secondFactor).toBe(consoleApi.console.SecondFactor.SECOND_FACTOR_UNAVAILABLE);
  const begin = call(id, consoleWork.beginSecondFactor, { password }, keyless);
  await expect(begin).rejects.toThrow('CONSOLE_SECRETS_KEY is not set');
});
