import { imageUrlsIn, replaceImages } from '@teamtalk/protocol';
import { phrases } from './emoji.js';

/** A part of a displayed text. Parts become text nodes, or attributes that hold a checked URL. */
export type TextPart =
  | { kind: 'text'; text: string }
  | { kind: 'link'; url: string; text: string }
  | { kind: 'phrase'; text: string; symbol: string }
  | { kind: 'image'; url: string; width?: number; height?: number };

const linkPattern = /\bhttps?:\/\/[^\s<>"'，。；！？、（）【】《》]+/gi;
const phrasePattern = /\[[^[\]\s]{1,12}\]/g;
/** Characters that cannot end a link. */
const punctuation = '.,;:!?)]';
/** The most parts of one message; the rest is plain text, since a message has room for tens of thousands of links. */
const mostParts = 500;
/** More than fits in a line, characters. Each conversation in the list may have a message of 290,000. */
const longestPreview = 300;

/** @param imageOrigins origins whose images are displayed; others become links */
export function partsOf(text: string, imageOrigins: readonly string[]): TextPart[] {
  const clean = text.replaceAll('\u0000', '');
  const urls = imageUrlsIn(clean);
  // NUL, which no client sends, marks the place of an image.
  const between = replaceImages(clean, () => '\u0000').split('\u0000');
  const parts = between.flatMap((piece, i) => [
    ...linkParts(piece),
    ...(urls[i] === undefined ? [] : [imagePart(urls[i], imageOrigins)]),
  ]);
  if (parts.length <= mostParts) return parts;
  const rest = parts.slice(mostParts).map((part) => (part.kind === 'image' ? part.url : part.text));
  return [...parts.slice(0, mostParts), { kind: 'text', text: rest.join('') }];
}

/** The beginning of a text in one line, for lists and notifications. */
export function previewOf(text: string, imageLabel: string): string {
  return replaceImages(text, () => imageLabel)
    .slice(0, longestPreview)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The URL if it is safe to link to: http and https only. */
export function safeUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}

/** The URL if its origin may serve images. */
export function imageUrl(text: string, imageOrigins: readonly string[]): string | undefined {
  const url = safeUrl(text);
  return url !== undefined && imageOrigins.includes(new URL(url).origin) ? url : undefined;
}

/** The URL of an avatar. The field may hold any text, and paths below msfs in old databases. */
export function avatarUrl(
  text: string,
  msfsUrl: string,
  imageOrigins: readonly string[],
): string | undefined {
  if (text === '') return undefined;
  if (/^https?:/i.test(text)) return imageUrl(text, imageOrigins);
  const path = text.replace(/^\/+/, '');
  return URL.canParse(path, msfsUrl) ? imageUrl(new URL(path, msfsUrl).href, imageOrigins) : undefined;
}

function imagePart(text: string, imageOrigins: readonly string[]): TextPart {
  const url = imageUrl(text, imageOrigins);
  if (url === undefined) {
    const link = safeUrl(text);
    return link === undefined ? { kind: 'text', text } : { kind: 'link', url: link, text };
  }
  // The file name of an image has its size: client-behaviour.md#images-in-texts.
  const size = /_([1-9]\d{0,4})x([1-9]\d{0,4})\.\w+$/.exec(new URL(url).pathname);
  return size
    ? { kind: 'image', url, width: Number(size[1]), height: Number(size[2]) }
    : { kind: 'image', url };
}

function linkParts(text: string): TextPart[] {
  return splitBy(
    text,
    linkPattern,
    (found) => {
      const trimmed = withoutPunctuation(found);
      const url = safeUrl(trimmed);
      if (url === undefined) return phraseParts(found);
      return [{ kind: 'link', url, text: trimmed }, ...phraseParts(found.slice(trimmed.length))];
    },
    phraseParts,
  );
}

/** Strips trailing punctuation. A regular expression would take quadratic time on a text of dots. */
function withoutPunctuation(text: string): string {
  let end = text.length;
  while (end > 0 && punctuation.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function phraseParts(text: string): TextPart[] {
  return splitBy(
    text,
    phrasePattern,
    (found) => {
      const symbol = phrases.get(found);
      return [symbol === undefined ? { kind: 'text', text: found } : { kind: 'phrase', text: found, symbol }];
    },
    (rest) => [{ kind: 'text', text: rest }],
  );
}

function splitBy(
  text: string,
  pattern: RegExp,
  matched: (found: string) => TextPart[],
  between: (rest: string) => TextPart[],
): TextPart[] {
  const parts: TextPart[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) parts.push(...between(text.slice(at, match.index)));
    parts.push(...matched(match[0]));
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push(...between(text.slice(at)));
  return parts;
}
