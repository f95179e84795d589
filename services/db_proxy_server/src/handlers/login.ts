import { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { userHasLeft } from '../entities/index.js';
import { OneAtATime } from '../passwords/one-at-a-time.js';
import { isClientDigest } from '../passwords/password.js';
import { type LoginCandidate, maxNameLength } from '../repositories/logins.js';
import { isStorableText } from '../repositories/text.js';
import { toUser } from '../repositories/user-rows.js';

const { LoginResult } = teamtalk.db;

type Reply = teamtalk.db.LoginReply.$Properties;

/** Attempts at one name at once; more are turned away as `resource-exhausted`. */
const maxAttemptsPerName = 20;

/**
 * Checks a name and a password (protocol notes, section 3). A wrong name, a wrong password and somebody
 * who has left look alike from outside, in the answer and in the time it takes.
 */
export function login(context: Context): (request: teamtalk.db.LoginRequest) => Promise<Reply> {
  const { kit, logins, passwords, proven } = context;
  const results = kit.metrics.counter('logins_total', 'Login attempts answered', ['result']);
  const attempts = new OneAtATime(maxAttemptsPerName);

  async function attempt(name: string, digest: string): Promise<Reply> {
    const candidate = await logins.find(name);
    if (candidate.refused) return { result: LoginResult.LOGIN_TOO_MANY_ATTEMPTS };
    if (!(await isGood(candidate, digest))) {
      await logins.recordFailure(name);
      return { result: LoginResult.LOGIN_WRONG_NAME_OR_PASSWORD };
    }
    if (candidate.hasFailures) await logins.clearFailures(name);
    return {
      result: LoginResult.LOGIN_OK,
      user: candidate.user && toUser(candidate.user),
      loginSeq: candidate.loginSeq,
    };
  }

  async function isGood({ user, password }: LoginCandidate, digest: string): Promise<boolean> {
    const mayLogIn = user && password && user.status !== userHasLeft;
    if (!mayLogIn || !isClientDigest(digest)) return passwords.check(undefined, digest);
    if (proven.has(user.id, digest, password.hash)) return true;
    if (!(await passwords.check(password, digest))) return false;
    if (password.legacySalt === null) proven.add(user.id, digest, password.hash);
    else await upgrade(user.id, password.hash, digest);
    return true;
  }

  /** The login is good whether or not this works: the next one tries again. */
  async function upgrade(userId: number, legacyHash: string, digest: string): Promise<void> {
    try {
      const hash = await passwords.hash(digest);
      if (await logins.upgradeHash(userId, legacyHash, hash)) proven.add(userId, digest, hash);
    } catch (error) {
      kit.log.warn({ err: error, userId }, 'a legacy password could not be upgraded');
    }
  }

  return async ({ userName, passwordMd5, address }) => {
    // One after the other for each name, so that the limit holds however many come at once.
    const reply: Reply = isPossibleName(userName)
      ? await attempts.run(userName, () => attempt(userName, passwordMd5))
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
