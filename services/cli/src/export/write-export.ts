import { createHash } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ExportedMessage } from '@teamtalk/db_proxy_server';
import {
  createTextCodec,
  DEFAULT_TEXT_KEY,
  imageUrlsIn,
  isAudioMessageType,
  isTextMessageType,
  TextError,
} from '@teamtalk/protocol';
import { Failure } from '../failure.js';
import { fetchImage } from './fetch-image.js';

interface ExportSettings {
  folder: string;
  /** metadata for the manifest */
  about: object;
  messages: AsyncIterable<ExportedMessage>;
  /** URL of msfs; left out: images are not fetched */
  images?: string | undefined;
  /** left out: TEXT_KEY, or the key of old clients */
  textKey?: string | undefined;
}

interface Written {
  messages: number;
  attachments: number;
  /** images that could not be fetched */
  missing: number;
  /** SHA-256 of the manifest */
  manifestHash: Buffer;
}

interface FileEntry {
  name: string;
  bytes: number;
  sha256: string;
}

/** Size of the write buffer, bytes. */
const bufferBytes = 1024 * 1024;
/** Bytes of the duration, which precedes the sound in an audio message. */
const durationBytes = 4;

/**
 * Writes an export: a file with one message per line, attachments, and a manifest with the SHA-256 of every file.
 * @throws Failure when the folder already exists
 */
export async function writeExport(settings: ExportSettings): Promise<Written> {
  const { folder, about, messages, textKey } = settings;
  const codec = createTextCodec(textKey ?? process.env.TEXT_KEY ?? DEFAULT_TEXT_KEY);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(error.code === 'EEXIST' ? `${folder} already exists` : error.message);
  });
  await mkdir(path.join(folder, 'attachments'), { mode: 0o700 });
  const attachments = new Attachments(folder, settings.images);
  const lines = await open(path.join(folder, 'messages.jsonl'), 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  let count = 0;
  let waiting: string[] = [];
  let waitingLength = 0;
  const flush = async () => {
    const chunk = Buffer.from(waiting.join(''));
    hash.update(chunk);
    bytes += chunk.length;
    waiting = [];
    waitingLength = 0;
    await lines.write(chunk);
  };
  try {
    for await (const message of messages) {
      const line = `${JSON.stringify(await lineOf(message, codec, attachments))}\n`;
      waiting.push(line);
      waitingLength += line.length;
      count++;
      if (waitingLength >= bufferBytes) await flush();
    }
    if (waitingLength > 0) await flush();
    await lines.sync();
  } finally {
    await lines.close();
  }
  const files: FileEntry[] = [
    { name: 'messages.jsonl', bytes, sha256: hash.digest('hex') },
    ...attachments.files,
  ];
  const manifest = {
    ...about,
    writtenAt: new Date().toISOString(),
    messages: count,
    missing: attachments.missing,
    files,
  };
  const manifestFile = path.join(folder, 'manifest.json');
  await writeFile(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  const manifestHash = createHash('sha256')
    .update(await readFile(manifestFile))
    .digest();
  return {
    messages: count,
    attachments: attachments.files.length,
    missing: attachments.missing.length,
    manifestHash,
  };
}

type Codec = ReturnType<typeof createTextCodec>;

/** A message as it is written to its line. */
async function lineOf(message: ExportedMessage, codec: Codec, attachments: Attachments): Promise<object> {
  const { conversation, id, fromId, fromName, at, type, data } = message;
  const line = { conversation, id, from: fromId, fromName, at, type };
  if (isAudioMessageType(type) && data.length > durationBytes) {
    const name = `${nameOf(conversation)}-${id}.audio`;
    return {
      ...line,
      seconds: data.readUInt32BE(0),
      audio: await attachments.add(name, data.subarray(durationBytes)),
    };
  }
  const text = isTextMessageType(type) ? textOf(data, codec) : undefined;
  // Data that is not text, or is encrypted with another key, is exported as base64.
  if (text === undefined) return { ...line, data: data.toString('base64') };
  const images: object[] = [];
  for (const [n, url] of imageUrlsIn(text).entries()) {
    images.push({ url, file: await attachments.image(`${nameOf(conversation)}-${id}-${n + 1}`, url) });
  }
  return images.length > 0 ? { ...line, text, images } : { ...line, text };
}

function textOf(data: Buffer, codec: Codec): string | undefined {
  try {
    return codec.decrypt(data);
  } catch (error) {
    if (error instanceof TextError) return undefined;
    throw error;
  }
}

function nameOf(conversation: ExportedMessage['conversation']): string {
  return 'group' in conversation ? `group-${conversation.group}` : conversation.users.join('-');
}

/** Files that are referred to by messages. */
class Attachments {
  readonly files: FileEntry[] = [];
  /** images that could not be fetched, and why */
  readonly missing: { url: string; problem: string }[] = [];
  readonly #folder: string;
  readonly #images: string | undefined;

  constructor(folder: string, images: string | undefined) {
    this.#folder = folder;
    this.#images = images;
  }

  async add(name: string, content: Uint8Array): Promise<string> {
    const file = `attachments/${name}`;
    await writeFile(path.join(this.#folder, file), content, { flag: 'wx', mode: 0o600 });
    const sha256 = createHash('sha256').update(content).digest('hex');
    this.files.push({ name: file, bytes: content.length, sha256 });
    return file;
  }

  /** @returns null when the image cannot be fetched */
  async image(name: string, url: string): Promise<string | null> {
    if (this.#images === undefined) return null;
    try {
      const { content, ending } = await fetchImage(this.#images, url);
      return await this.add(`${name}${ending}`, content);
    } catch (error) {
      this.missing.push({ url, problem: (error as Error).message });
      return null;
    }
  }
}
