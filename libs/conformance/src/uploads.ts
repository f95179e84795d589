import { randomBytes } from 'node:crypto';
import { check } from './match.js';
import type { ClientName } from './profiles.js';
import type { Target } from './target.js';

interface Part {
  name: string;
  fileName?: string;
  type?: string;
  value: Buffer;
}

/** A multipart body with the headers that the clients' HTTP libraries send, and no others. */
function multipart(boundary: string, parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ name, fileName, type, value }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    const contentType = type === undefined ? '' : `\r\nContent-Type: ${type}`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}${contentType}\r\n\r\n`;
    return [Buffer.from(head), value, Buffer.from('\r\n')];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

interface Upload {
  /** after the base URL, which ends in a slash */
  path: string;
  boundary: string;
  parts(bytes: Buffer): readonly Part[];
  /** The image's URL, as the client reads the answer. @throws Error where the client would fail */
  urlIn(answer: { type: string; text: string; base: string }): string;
}

function parse(text: string): Record<string, unknown> {
  const json = JSON.parse(text) as Record<string, unknown>;
  check(json.error_code === 0, `error_code ${json.error_code}`);
  return json;
}

function urlOf(text: string): string {
  const { url } = parse(text);
  check(typeof url === 'string' && url !== '', 'no url');
  return url;
}

/** AFNetworking, configured to accept only this type. */
function htmlOnly({ type, text }: { type: string; text: string }): string {
  check(/^text\/html\b/.test(type), `content type ${type}, which the client does not take`);
  return urlOf(text);
}

const apple = (fileName: string): Upload => ({
  path: '',
  boundary: 'Boundary+0xAbCdEfGbOuNdArY',
  parts: (value) => [
    { name: 'type', value: Buffer.from('im_image') },
    { name: 'image', fileName, type: 'image/jpeg', value },
  ],
  urlIn: htmlOnly,
});

const uploads: Readonly<Record<Exclude<ClientName, 'web'>, Upload>> = {
  windows: {
    path: 'upload/',
    boundary: '----MULTI-PARTS-FORM-DATA-BOUNDARY',
    parts: (value) => [{ name: 'image', fileName: 'shot.png_32x32.png', type: 'image/.png', value }],
    urlIn: ({ text, base }) => {
      const { path } = parse(text);
      check(typeof path === 'string' && path !== '', 'no path');
      return base + path;
    },
  },
  mac: apple('image.png'),
  ios: apple('image.png_32x32.png'),
  android: {
    path: '',
    boundary: '---------7d4a6d158c9',
    parts: (value) => [
      { name: 'file', fileName: 'image.jpg_32x32.jpg', type: 'application/octet-stream', value },
    ],
    // It reads one line.
    urlIn: ({ text }) => urlOf(text.split(/\r?\n/)[0]!),
  },
};

/** Uploads an image as one of the clients does. @throws Error where that client would show its user a failure */
export async function uploadAs(
  as: Exclude<ClientName, 'web'>,
  { msfs, deadlineMs }: Target,
): Promise<{ url: string; bytes: Buffer }> {
  const { path, boundary, parts, urlIn } = uploads[as];
  const base = `${msfs}/`;
  const bytes = Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), randomBytes(4_000)]);
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: multipart(boundary, parts(bytes)),
    signal: AbortSignal.timeout(deadlineMs),
  });
  check(response.status === 200, `status ${response.status} of POST /${path}`);
  const type = response.headers.get('content-type') ?? '';
  return { url: urlIn({ type, text: await response.text(), base }), bytes };
}
