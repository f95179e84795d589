import path from 'node:path';
import { abortAfter } from '@teamtalk/service-kit';

const answerMs = 20_000;
const maxBytes = 64 * 1024 * 1024;

/**
 * Fetches an image from msfs by the path of its URL. The URL's host is not contacted, because the sender chose it.
 * @param base URL of msfs
 * @throws Error when the image cannot be fetched
 */
export async function fetchImage(
  base: string,
  url: string,
): Promise<{ content: Uint8Array; ending: string }> {
  if (!URL.canParse(url)) throw new Error('not a URL');
  const { pathname } = new URL(url);
  const place = new URL(base);
  place.pathname = pathname;
  return abortAfter(answerMs, async (signal) => {
    const response = await fetch(place, { signal, redirect: 'error' });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error('too large');
      chunks.push(chunk);
    }
    const ending = /^\.[a-z0-9]{1,5}$/i.exec(path.extname(pathname))?.[0] ?? '';
    return { content: Buffer.concat(chunks), ending };
  });
}
