import { fileTypeFromBuffer } from 'file-type';

/** So many bytes of a file's beginning tell its type. */
export const headBytes = 4100;

/**
 * The images that a browser shows and nothing else can come of, with the endings of names they have; the
 * first is given to what has another one. SVG is not among them: it can carry scripts.
 */
const shown: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'image/jpeg': ['jpg', 'jpeg', 'jpe'],
  'image/png': ['png'],
  'image/apng': ['png', 'apng'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/avif': ['avif'],
  'image/bmp': ['bmp'],
};

const endingsOfImages = new Set(Object.values(shown).flat());

/**
 * The media type of an image that may be shown, by its first bytes; undefined for everything else, which is
 * only ever given as a download.
 * @param head the first `headBytes` bytes, or all where there are fewer
 */
export async function shownType(head: Uint8Array): Promise<string | undefined> {
  const type = await fileTypeFromBuffer(head).catch(() => undefined);
  return type && Object.hasOwn(shown, type.mime) ? type.mime : undefined;
}

/**
 * The ending a file is stored with: the client's, where it fits the type; an image's never for another file.
 * @param wanted the client's, without its dot; it may be anything
 * @param type as `shownType` says
 */
export function endingFor(type: string | undefined, wanted: string | undefined): string {
  const ending = wanted?.toLowerCase() ?? '';
  if (type) {
    const endings = shown[type]!;
    return endings.includes(ending) ? ending : endings[0];
  }
  return /^[a-z0-9]{1,8}$/.test(ending) && !endingsOfImages.has(ending) ? ending : 'bin';
}
