import { randomInt } from 'node:crypto';
import { endingFor } from './media-type.js';

/** A new folder every ten minutes: a few thousand files each; a folder repeats after 19 years. */
const folderSeconds = 600;
const folders = 1_000_000;
const randomDigits = 14;

/**
 * A new name in the layout clients and operators know, `g0/nnn/nnn/<microseconds>_<random>[_WxH].<ending>`. The random part
 * has more than 46 bits, so that names cannot be guessed.
 * @param clientName the client's file name: the size at its end (`_320x240.jpg`) and, if it fits the type, the extension
 *   are used, and nothing else
 * @param type from `shownType`
 */
export function newImageName(clientName: string, type: string | undefined, now = Date.now()): string {
  const folder = String(Math.floor(now / 1000 / folderSeconds) % folders).padStart(6, '0');
  const micros = now * 1000 + randomInt(1000);
  const random = String(randomInt(10 ** 7)).padStart(7, '0') + String(randomInt(10 ** 7)).padStart(7, '0');
  const [, size = '', wanted] = /(_\d{1,5}x\d{1,5})?(?:\.([A-Za-z0-9]{1,8}))?$/.exec(clientName) ?? [];
  const name = `${micros}_${random.slice(0, randomDigits)}${type ? size : ''}.${endingFor(type, wanted)}`;
  return `g0/${folder.slice(0, 3)}/${folder.slice(3)}/${name}`;
}

/** A requested size: an image's key, and the size appended to it. */
export interface ThumbnailName {
  original: string;
  /** pixels */
  width: number;
  height: number;
  format: ThumbnailFormat;
}

export type ThumbnailFormat = 'jpeg' | 'png' | 'webp';

const formats: Readonly<Record<string, ThumbnailFormat>> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
};

/**
 * Thumbnails fit into a square with one of these sides, in pixels. Clients may ask for any size, but each other size costs as
 * much as a new image. 100 is what clients ask for (client-behaviour.md).
 */
const sides = [50, 100, 200, 320, 480, 640, 960, 1280, 2048, 4096, 8192, 16_384];
const endings = { jpeg: 'jpg', png: 'png', webp: 'webp' } as const;

/**
 * The thumbnail that is made for a requested size: it fits into the next larger square.
 * @param maxSide the largest side a request may name
 */
export function servedThumbnail({ original, width, height, format }: ThumbnailName, maxSide: number) {
  const asked = Math.max(width, height);
  const side = Math.min(maxSide, sides.find((each) => each >= asked) ?? maxSide);
  const key = `${original}_${side}x${side}.${endings[format]}`;
  return { key, name: { original, width: side, height: side, format } };
}

/** The key of a URL's path. Percent-encoding is not decoded; undefined for anything but a valid key. */
export function keyOf(path: string): string | undefined {
  return /^\/(g\d{1,3}\/\d{3}\/\d{3}\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,199})$/.exec(path)?.[1];
}

/** Splits the size off a key of the form `<image>.<ending>_<W>x<H>.<ending>`; undefined for any other. */
export function thumbnailOf(key: string): ThumbnailName | undefined {
  const match = /^(.+\.[A-Za-z0-9]{1,8})_(\d{1,5})x(\d{1,5})\.([a-z]{3,4})$/.exec(key);
  const format = formats[match?.[4] ?? ''];
  if (!match || !format) return undefined;
  return { original: match[1]!, width: Number(match[2]), height: Number(match[3]), format };
}
