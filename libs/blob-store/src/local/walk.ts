import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileError, hasCode } from './file-errors.js';

/**
 * The keys below `root` that begin with `prefix` and come after `after`, in code point order. Holds one folder's
 * names in memory at a time. Hidden files and folders are skipped: they are not blobs.
 */
export async function* walkKeys(
  root: string,
  prefix: string,
  after = '',
  folder = '',
): AsyncGenerator<string> {
  for (const { name, isFolder } of await sortedEntries(path.join(root, folder))) {
    const key = folder + name;
    if (!isFolder) {
      if (key.startsWith(prefix) && key > after) yield key;
    } else if (key.startsWith(prefix) || prefix.startsWith(key)) {
      // All keys in a folder come before or after `after` unless it is one of them.
      if (key > after || after.startsWith(key)) yield* walkKeys(root, prefix, after, key);
    }
  }
}

/** The names in a folder in the order of their keys; names of folders end in a slash. */
async function sortedEntries(folder: string): Promise<Array<{ name: string; isFolder: boolean }>> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // Removed a moment ago, or never created.
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw fileError(error);
  }
  return entries
    .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory()))
    .map((entry) => {
      const isFolder = entry.isDirectory();
      return { name: isFolder ? `${entry.name}/` : entry.name, isFolder };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
