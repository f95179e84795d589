import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { TargetDatabase } from '../target/database.js';
import type { Storage } from '../target/storage.js';
import { writeDurably } from './messages.js';

const pageKeys = 1_000;

/** Brings files that were uploaded since into the folder of the old msfs, so that their URLs answer there, too. */
export async function returnImages(
  database: TargetDatabase,
  { store }: Storage,
  folder: string,
): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await store.list('g0/', { limit: pageKeys, ...(after !== undefined && { after }) });
    const keys = page.map(({ key }) => key);
    const imported = await database.rows<{ key: string }>(
      'SELECT key FROM legacy_import.stored_file WHERE key = ANY ($1)',
      [keys],
    );
    const known = new Set(imported.map(({ key }) => key));
    for (const key of keys) {
      if (known.has(key) || !/^g0\/\d{3}\/\d{3}\/[^/]+$/.test(key)) continue;
      const file = path.join(folder, key.slice('g0/'.length));
      if (await stat(file).catch(() => undefined)) continue;
      await writeDurably(file, await contentOf(store, key));
    }
    if (page.length < pageKeys) return;
    after = keys.at(-1);
  }
}

/** At most 5 MiB, which is what msfs takes. */
async function contentOf(store: Storage['store'], key: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of (await store.get(key)).stream()) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
