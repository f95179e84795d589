// An image inside a message's plain text is its URL between two markers (client-behaviour.md#images-in-texts).

export const IMAGE_PREFIX = '&$#@~^@[{:';
export const IMAGE_SUFFIX = ':}]&$~@#@';

/** The text that represents the image at `url`. */
export function imageText(url: string): string {
  return IMAGE_PREFIX + url + IMAGE_SUFFIX;
}

/** The URLs of all images in a text, in their order. A prefix without its suffix is plain text. */
export function imageUrlsIn(text: string): string[] {
  const urls: string[] = [];
  replaceImages(text, (url) => {
    urls.push(url);
    return '';
  });
  return urls;
}

/** Replaces every image in a text, for instance by a placeholder for a notification. */
export function replaceImages(text: string, replacement: (url: string) => string): string {
  let result = '';
  let position = 0;
  for (;;) {
    const prefix = text.indexOf(IMAGE_PREFIX, position);
    if (prefix < 0) break;
    const start = prefix + IMAGE_PREFIX.length;
    const end = text.indexOf(IMAGE_SUFFIX, start);
    if (end < 0) break;
    result += text.slice(position, prefix) + replacement(text.slice(start, end));
    position = end + IMAGE_SUFFIX.length;
  }
  return result + text.slice(position);
}
