import { fileTypeFromBuffer } from 'file-type';

/** Number of bytes at a file's beginning that determine its type. */
export const headBytes = 4100;

/**
 * The image types that are safe to show in a browser, with their extensions; the first one replaces a wrong one. SVG is not
 * among them: it can carry scripts.
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
 * The media type of an image that may be shown, by its first bytes; undefined for everything else, which is served only as
 * a download.
 * @param head the first `headBytes` bytes, or all if there are fewer
 */
export async function shownType(head: Uint8Array): Promise<string | undefined> {
  const type = await fileTypeFromBuffer(head).catch(() => undefined);
  return type && Object.hasOwn(shown, type.mime) ? type.mime : undefined;
}

/**
 * The extension a file is stored with: the client's, if it fits the type. Other files never get an image's.
 * @param wanted the client's extension, without the dot; untrusted
 * @param type from `shownType`
 */
export function endingFor(type: string | undefined, wanted: string | undefined): string {
  const ending = wanted?.toLowerCase() ?? '';
  if (type) {
    const endings = shown[type]!;
    return endings.includes(ending) ? ending : endings[0];
  }
  return /^[a-z0-9]{1,8}$/.test(ending) && !endingsOfImages.has(ending) ? ending : 'bin';
}
