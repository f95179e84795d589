import { stat } from 'node:fs/promises';
import path from 'node:path';
import { imageUrlsIn } from '@teamtalk/protocol';
import type { LegacyDatabase } from '../legacy/mysql.js';
import { fileOf, Recordings } from '../legacy/recordings.js';
import { type Finding, mostSamples } from './findings.js';

const sampledRecordings = 1_000;

/**
 * Checks whether the files referred to by the newest recordings and texts exist.
 *
 * @param folder `BaseDir` of msfs
 * @param texts decrypted texts
 */
export async function missingFiles(
  legacy: LegacyDatabase,
  folder: string,
  texts: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = [
    {
      name: 'recording-file-missing',
      what: `of the newest ${sampledRecordings.toLocaleString('en')} recordings: those without a file or a duration, or of another size than their row says`,
      becomes: 'their messages are kept without sound; the old clients could not play it either',
      ...counted(await missingRecordings(legacy, folder)),
    },
    {
      name: 'image-file-missing',
      what: 'images in the newest texts whose file is missing',
      becomes: 'the text is kept, and clients show no image, as before',
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
