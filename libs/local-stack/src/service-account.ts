import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, cp, mkdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';

/** Where what a server needs is put when its account cannot reach the place it belongs to. */
const openFolder = '/var/lib/teamtalk';

/** The account a database server runs as: PostgreSQL and MariaDB refuse root. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * The account for a data folder: undefined (our own) unless we are root; then the folder's owner, else the first
 * of `users` that exists.
 * @throws Error when none of them does
 */
export async function serviceAccount(
  dataDir: string,
  users: readonly string[],
): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dataDir).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const user of users) {
    const account = lookUp(user);
    if (account) return account;
  }
  throw new Error(`a database server does not run as root, and there is no user ${users.join(' or ')}`);
}

/** The account for PostgreSQL's data folder: our own unless we are root, else its owner, `postgres` or `nobody`. */
export function postgresAccount(dataDir: string): Promise<Account | undefined> {
  return serviceAccount(dataDir, ['postgres', 'nobody']).catch((error: Error) => {
    throw new Error(`${error.message}: set DATABASE_URL`, { cause: error });
  });
}

function lookUp(user: string): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map((which) => {
    const { status, stdout } = spawnSync('id', [which, user], { encoding: 'utf8' });
    return status === 0 ? Number.parseInt(stdout, 10) : Number.NaN;
  });
  return Number.isNaN(uid!) || Number.isNaN(gid!) ? undefined : { uid: uid!, gid: gid! };
}

/**
 * Makes the data folder, of `account` and of nobody else. Where that account may not pass through one of
 * the parents (a repository below /root), the folder becomes a link to one in /var/lib/teamtalk.
 * @returns the folder's real path
 */
export async function prepareDataDir(dataDir: string, account: Account | undefined): Promise<string> {
  if (await stat(dataDir).catch(() => undefined)) return realpath(dataDir);
  const parent = path.dirname(dataDir);
  await mkdir(parent, { recursive: true });
  let real = dataDir;
  if (account && !(await isReachable(parent, account))) {
    const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
    real = path.join(openFolder, `data-${name}`);
    await mkdir(openFolder, { recursive: true, mode: 0o755 });
    // Of an earlier repository at this place.
    await rm(real, { recursive: true, force: true });
    await rm(dataDir, { force: true });
    await symlink(real, dataDir);
  }
  await mkdir(real, { recursive: true, mode: 0o700 });
  if (account) await chown(real, account.uid, account.gid);
  return realpath(real);
}

/** The folder of PostgreSQL's programs, or a copy of it (60 MB) that `account` can reach. */
export async function reachablePrograms(
  folder: string,
  version: string,
  account: Account | undefined,
): Promise<string> {
  if (!account || (await isReachable(folder, account))) return folder;
  const copy = path.join(openFolder, `postgres-${version}`);
  await mkdir(openFolder, { recursive: true, mode: 0o755 });
  await cp(folder, copy, { recursive: true, verbatimSymlinks: true, force: false, errorOnExist: false });
  return copy;
}

/** Whether the account may pass through the folder and all its parents. */
async function isReachable(folder: string, { uid, gid }: Account): Promise<boolean> {
  for (let each = folder; ; each = path.dirname(each)) {
    const { mode, uid: owner, gid: group } = await stat(each);
    const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (each === path.dirname(each)) return true;
  }
}
