import { stat } from 'node:fs/promises';
import path from 'node:path';
import { imageUrlsIn } from '@teamtalk/protocol';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { fileOf, Recordings } from '../legacy/recordings.js';
import { type Finding, mostSamples } from './findings.js';

const sampledRecordings = 1_000;

/**
 * Whether the files are there that the newest recordings and texts name.
 *
 * @param folder `BaseDir` of msfs
 * @param texts decrypted
 */
export async function missingFiles(
  legacy: LegacyDatabase,
  folder: string,
  texts: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = [
    {
      name: 'recording-file-missing',
      what: `of the newest ${sampledRecordings.toLocaleString('en')} recordings: those without a file, a duration, or the size of their row`,
      becomes: 'their messages keep their place, without sound, which nobody heard before, either',
      ...counted(await missingRecordings(legacy, folder)),
    },
    {
      name: 'image-file-missing',
      what: 'of the images that the newest texts name: those without a file',
      becomes: 'the text stays, and clients show no image, as before',
      ...counted(await missingImages(folder, texts)),
    },
  ];
  return findings.filter(({ count }) => count > 0);
}

function counted(missing: readonly string[]): Pick<Finding, 'count' | 'samples'> {
  return { count: missing.length, samples: missing.slice(0, mostSamples) };
}

async function missingRecordings(legacy: LegacyDatabase, folder: string): Promise<string[]> {
  if (!legacy.hasTable('IMAudio')) return [];
  const rows = await legacy.rows<[number]>(
    `SELECT id FROM IMAudio ORDER BY id DESC LIMIT ${sampledRecordings}`,
  );
  const ids = rows.map(([id]) => String(id));
  const missing: string[] = [];
  let next = 0;
  for await (const recording of new Recordings(legacy, folder).read(ids)) {
    const id = ids[next++];
    if (recording.missing !== undefined) missing.push(`recording ${id}: ${recording.missing}`);
  }
  return missing;
}

async function missingImages(folder: string, texts: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const url of texts.flatMap(imageUrlsIn)) {
    const file = fileOf(url);
    const found = file && (await stat(path.join(folder, file)).catch(() => undefined));
    if (!found) missing.push(url.slice(0, 200));
  }
  return missing;
}
