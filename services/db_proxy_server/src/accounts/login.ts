import { createHmac, randomBytes } from 'node:crypto';
import { teamtalk } from '@teamtalk/rpc';
import { sourceNetwork, tokenHash } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';
import { userHasLeft } from '../entities/index.js';
import { type LoginCandidate, maxNameLength } from './logins.js';
import { KeyedQueue } from './passwords/keyed-queue.js';
import { isClientDigest } from './passwords/password.js';
import { toUser } from './user-rows.js';

const { LoginResult } = teamtalk.db;

type Reply = teamtalk.db.LoginReply.$Properties;

/** Longest wait of an attempt in its queue, milliseconds; callers time out at about the same time. */
const maxWaitMs = 4_000;

/**
 * Checks a name and a password (client-behaviour.md#results-of-a-login). An unknown name, a wrong password and a
 * disabled user are indistinguishable to the caller, in the result and in the time it takes.
 *
 * Failures are counted in the database, for all replicas, in two ways. By name: each network the user has logged in
 * from has a count of its own, so that nobody elsewhere can lock them out; all other networks share one. By network:
 * the number of names that failed from there; a network with too many is closed to users not known there. A
 * successful login of a name takes it off that count, so that typing errors do not lock out an office behind one
 * address.
 */
export function login(context: Context): (request: teamtalk.db.LoginRequest) => Promise<Reply> {
  const { kit, loginLimit, logins, passwords, sourceNetworks, loginProofs, hashUpgrades } = context;
  const results = kit.metrics.counter('logins_total', 'Login attempts, by result', ['result']);
  const limited = kit.metrics.counter(
    'logins_limited_total',
    'Login attempts refused without a password check, by the limit reached',
    ['limit'],
  );
  // Attempts that share a counter are queued, so that concurrent ones cannot exceed the limit: those from one network, and
  // those from all networks where the user is not known. So strangers take no place in the queue of a known network.
  const ofOneUser = { what: 'logging in of one user', concurrency: 1, maxWaiting: 19, maxWaitMs };
  const byNameAndNetwork = new KeyedQueue(ofOneUser);
  const byName = new KeyedQueue(ofOneUser);
  // Close to the number of concurrent password checks, so that the queue does not leave them idle.
  const byNetwork = new KeyedQueue({
    what: 'logging in from one address',
    concurrency: 4,
    maxWaiting: 1_000,
    maxWaitMs,
  });

  const queued = (name: string, network: string, digest: string) =>
    byNameAndNetwork.run(`${network} ${name}`, () => attempt(name, network, digest));

  async function attempt(name: string, network: string, digest: string): Promise<Reply> {
    const candidate = await logins.find(name, network);
    if (candidate.isKnownNetwork) return decide(name, network, candidate, digest);
    return byName.run(name, async () => {
      const decideAnew = async () => decide(name, network, await logins.find(name, network), digest);
      return network === '' ? decideAnew() : byNetwork.run(network, decideAnew);
    });
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
      bot: candidate.bot !== undefined,
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
      kit.log.warn({ err: error, userId }, 'source network not stored');
    }
  }

  async function isGood({ user, password, proof, bot }: LoginCandidate, digest: string): Promise<boolean> {
    const mayLogIn = user && password && user.status !== userHasLeft;
    // A bot has no password and sends its token in place of the digest.
    if (mayLogIn && bot?.tokenHash?.equals(tokenHash(digest))) return true;
    if (!mayLogIn || bot || !isClientDigest(digest)) return passwords.check(undefined, digest);
    const { hash } = password;
    if (!proof || !loginProofs.isProven(user.id, digest, hash, proof)) {
      if (!(await passwords.check(password, digest))) return false;
      await loginProofs.keep(user.id, digest, hash);
    }
    if (passwords.isOutdated(password)) hashUpgrades.offer(user.id, hash, digest);
    return true;
  }

  return async ({ userName, passwordMd5, address }) => {
    const reply: Reply = isPossibleName(userName)
      ? await queued(userName, sourceNetwork(address), passwordMd5)
      : { result: LoginResult.LOGIN_WRONG_NAME_OR_PASSWORD };
    const result = LoginResult[reply.result ?? LoginResult.LOGIN_OK];
    results.inc({ result });
    if (reply.result !== LoginResult.LOGIN_OK) {
      kit.clientLog.info(address, { name: fingerprint(userName), address, result }, 'login refused');
    }
    return reply;
  };
}

const fingerprintKey = randomBytes(32);

/**
 * Stands for a name in the log, where several attempts on one name can be told from attempts on several. The name itself
 * does not belong there: people type their password into the wrong field.
 */
function fingerprint(name: string): string {
  return createHmac('sha256', fingerprintKey).update(name).digest('hex').slice(0, 8);
}

/** Names that cannot exist are not counted, so that they take no space in the database. */
function isPossibleName(name: string): boolean {
  return name !== '' && isStorableText(name, maxNameLength);
}
