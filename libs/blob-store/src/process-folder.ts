import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasCode } from './local/file-errors.js';

/** Folders this process has created. Any other with its pid was left by an earlier process with the same pid. */
const own = new Set<string>();

/**
 * Creates a folder for this process alone in the system's folder for temporary files, and removes folders for the
 * same purpose that killed processes have left.
 * @param purpose a word, in the folder's name
 * @throws Error of the file system
 */
export async function makeProcessFolder(purpose: string): Promise<string> {
  const beginning = `teamtalk-${purpose}-`;
  for (const name of await readdir(tmpdir())) {
    const [, pid] = name.startsWith(beginning)
      ? (/^(\d+)-\w{6}$/.exec(name.slice(beginning.length)) ?? [])
      : [];
    const folder = path.join(tmpdir(), name);
    if (pid && !own.has(folder) && !isAnother(Number(pid)) && (await isOurs(folder))) {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const folder = await mkdtemp(path.join(tmpdir(), `${beginning}${process.pid}-`));
  own.add(folder);
  return folder;
}

/** Whether another running process has this pid. */
function isAnother(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Whether the folder belongs to the current user: anybody may create names in a shared temporary folder. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}
