import http from 'node:http';
import https from 'node:https';
import { createTextCodec, DEFAULT_TEXT_KEY, imageUrlsIn, TextError } from '@teamtalk/protocol';
import { abortAfter } from '@teamtalk/service-kit';
import { Failure } from '../../failure.js';
import { type ImageAddress, imageAddresses } from '../legacy/image-addresses.js';
import { TargetDatabase } from '../target/database.js';

const answerMs = 10_000;

export interface CheckedAddress {
  /** http://host:8700, as it appears in texts and avatars */
  origin: string;
  /** number of sampled texts and avatars that refer to it */
  named: number;
  /** an image it served; null: none */
  image: string | null;
  /** why the last request failed; null: one succeeded */
  problem: string | null;
}

interface CheckImagesSettings {
  databaseUrl: string;
  /** number of texts to sample at random */
  texts: number;
  textKey: string | undefined;
  /** asked instead of every address, under its name, as if names already pointed to it */
  via: { host: string; port: number } | undefined;
}

/** Requests some images from every msfs in this installation's texts and avatars, until each serves one. */
export async function checkImages(settings: CheckImagesSettings): Promise<CheckedAddress[]> {
  const database = new TargetDatabase(settings.databaseUrl, 1);
  try {
    const urls = [...(await avatars(database)), ...(await imagesInTexts(database, settings))];
    return await Promise.all(imageAddresses(urls).map((address) => check(address, settings.via)));
  } finally {
    await database.close();
  }
}

async function avatars(database: TargetDatabase): Promise<string[]> {
  const rows = await database.rows<{ url: string }>(`
    SELECT avatar_url AS url FROM im_user WHERE avatar_url LIKE 'http%'
    UNION ALL SELECT avatar FROM chat_group WHERE avatar LIKE 'http%'`);
  return rows.map(({ url }) => url);
}

async function imagesInTexts(
  database: TargetDatabase,
  { texts, textKey = process.env.TEXT_KEY ?? DEFAULT_TEXT_KEY }: CheckImagesSettings,
): Promise<string[]> {
  const [row] = await database.rows<{ messages: number }>(
    'SELECT coalesce(sum(last_id), 0)::float8 AS messages FROM conversation',
  );
  const percent = Math.min(100, (100 * texts) / Math.max(1, row!.messages));
  const rows = await database.rows<{ data: Buffer }>(
    `SELECT data FROM message TABLESAMPLE SYSTEM (${percent}) WHERE type IN (1, 17)`,
  );
  const codec = createTextCodec(textKey);
  let read = 0;
  const urls = rows.flatMap(({ data }) => {
    try {
      const found = imageUrlsIn(codec.decrypt(data));
      read++;
      return found;
    } catch (error) {
      if (error instanceof TextError) return [];
      throw error;
    }
  });
  if (rows.length > 0 && read === 0) {
    throw new Failure(
      `the text key decrypts none of ${rows.length} texts: TEXT_KEY has to be the same as the servers'`,
    );
  }
  return urls;
}

async function check(
  { origin, count, images }: ImageAddress,
  via: CheckImagesSettings['via'],
): Promise<CheckedAddress> {
  let problem: string | null = null;
  for (const image of images) {
    problem = await problemOf(new URL(image), via);
    if (problem === null) return { origin, named: count, image, problem };
    // A server that does not respond is not tried again for every image.
    if (!problem.startsWith('status ')) break;
  }
  return { origin, named: count, image: null, problem };
}

/** Why an image cannot be fetched; null: it can. */
async function problemOf(url: URL, via: CheckImagesSettings['via']): Promise<string | null> {
  try {
    const status = await abortAfter(answerMs, (signal) => statusOf(url, via, signal));
    return status === 200 ? null : `status ${status}`;
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException;
    return name === 'AbortError' ? `no response within ${answerMs / 1_000} s` : (code ?? message);
  }
}

function statusOf(url: URL, via: CheckImagesSettings['via'], signal: AbortSignal): Promise<number> {
  const { request } = url.protocol === 'https:' && via === undefined ? https : http;
  const place = via ?? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port || undefined };
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        ...place,
        path: url.pathname + url.search,
        method: 'HEAD',
        headers: { host: url.host },
        agent: false,
        signal,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}
