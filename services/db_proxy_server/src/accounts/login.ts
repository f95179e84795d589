import { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';
import { userHasLeft } from '../entities/index.js';
import { type LoginCandidate, maxNameLength } from './logins.js';
import { KeyedQueue } from './passwords/keyed-queue.js';
import { isClientDigest } from './passwords/password.js';
import { sourceNetwork } from './passwords/source-network.js';
import { toUser } from './user-rows.js';

const { LoginResult } = teamtalk.db;

type Reply = teamtalk.db.LoginReply.$Properties;

/** Attempts wait this long for those before them, milliseconds: callers give up about then. */
const maxWaitMs = 4_000;

/**
 * Checks a name and a password (client-behaviour.md#results-of-a-login). A wrong name, a wrong password and somebody
 * who has left look alike from outside, in the answer and in the time it takes.
 *
 * Failures are counted in the database, for all replicas, in two ways. Of a name: where its user has logged in
 * from before he has a count of his own, so that nobody elsewhere can lock him out; everywhere else shares one.
 * Of a place: how many names failed from there, which a good login of the name takes back, so that an office
 * behind one address does not lock itself out by mistyping; too many close it to all who are not known there.
 */
export function login(context: Context): (request: teamtalk.db.LoginRequest) => Promise<Reply> {
  const { kit, loginLimit, logins, passwords, sourceNetworks, credentialCache } = context;
  const results = kit.metrics.counter('logins_total', 'Login attempts answered', ['result']);
  const limited = kit.metrics.counter('logins_limited_total', 'Login attempts refused unchecked', ['limit']);
  // Limits hold however many attempts come at once, since those that count together take turns.
  const byName = new KeyedQueue({
    what: 'logging in of one user',
    concurrency: 1,
    maxWaiting: 19,
    maxWaitMs,
  });
  // As many as passwords are checked at a time, or a little more.
  const byNetwork = new KeyedQueue({
    what: 'logging in from one address',
    concurrency: 4,
    maxWaiting: 1_000,
    maxWaitMs,
  });

  async function attempt(name: string, network: string, digest: string): Promise<Reply> {
    const candidate = await logins.find(name, network);
    if (candidate.isKnownNetwork || network === '') return decide(name, network, candidate, digest);
    return byNetwork.run(network, async () =>
      decide(name, network, await logins.find(name, network), digest),
    );
  }

  async function decide(
    name: string,
    network: string,
    candidate: LoginCandidate,
    digest: string,
  ): Promise<Reply> {
    const limit = reached(candidate);
    if (limit) {
      limited.inc({ limit });
      return { result: LoginResult.LOGIN_TOO_MANY_ATTEMPTS };
    }
    if (!(await isGood(candidate, digest))) {
      await logins.recordFailure(name, network);
      return { result: LoginResult.LOGIN_WRONG_NAME_OR_PASSWORD };
    }
    if (candidate.hasFailures) await logins.clearFailures(name, network);
    if (candidate.user && network !== '' && !candidate.isNetworkFresh)
      await remember(candidate.user.id, network);
    return {
      result: LoginResult.LOGIN_OK,
      user: candidate.user && toUser(candidate.user),
      loginSeq: candidate.loginSeq,
    };
  }

  function reached({
    failures,
    failedNames,
    isKnownNetwork,
  }: LoginCandidate): 'name' | 'address' | undefined {
    const { maxFailures, maxNamesPerNetwork } = loginLimit;
    if (failures >= maxFailures) return 'name';
    if (!isKnownNetwork && maxNamesPerNetwork > 0 && failedNames >= maxNamesPerNetwork) return 'address';
    return undefined;
  }

  /** The login is good whether or not this works: the next one tries again. */
  async function remember(userId: number, network: string): Promise<void> {
    try {
      await sourceNetworks.remember(userId, network);
    } catch (error) {
      kit.log.warn({ err: error, userId }, 'the place of a login could not be remembered');
    }
  }

  async function isGood({ user, password }: LoginCandidate, digest: string): Promise<boolean> {
    const mayLogIn = user && password && user.status !== userHasLeft;
    if (!mayLogIn || !isClientDigest(digest)) return passwords.check(undefined, digest);
    if (credentialCache.has(user.id, digest, password.hash)) return true;
    if (!(await passwords.check(password, digest))) return false;
    if (passwords.isOutdated(password)) await upgrade(user.id, password.hash, digest);
    else credentialCache.add(user.id, digest, password.hash);
    return true;
  }

  /** The login is good whether or not this works: the next one tries again. */
  async function upgrade(userId: number, outdated: string, digest: string): Promise<void> {
    try {
      const hash = await passwords.hash(digest);
      if (await logins.upgradeHash(userId, outdated, hash)) credentialCache.add(userId, digest, hash);
    } catch (error) {
      kit.log.warn({ err: error, userId }, 'an outdated password hash could not be replaced');
    }
  }

  return async ({ userName, passwordMd5, address }) => {
    const reply: Reply = isPossibleName(userName)
      ? await byName.run(userName, () => attempt(userName, sourceNetwork(address), passwordMd5))
      : { result: LoginResult.LOGIN_WRONG_NAME_OR_PASSWORD };
    const result = LoginResult[reply.result ?? LoginResult.LOGIN_OK];
    results.inc({ result });
    if (reply.result !== LoginResult.LOGIN_OK) {
      kit.log.info({ userName: userName.slice(0, maxNameLength), address, result }, 'a login was refused');
    }
    return reply;
  };
}

/** Whether there can be such a name; long ones are not even counted. */
function isPossibleName(name: string): boolean {
  return name !== '' && isStorableText(name, maxNameLength);
}
