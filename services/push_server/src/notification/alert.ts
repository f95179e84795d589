import { isAudioMessageType, isTextMessageType, type TextCodec, TextError } from '@teamtalk/protocol';
import type { pushApi } from '@teamtalk/rpc';
import { phrasesFor } from './phrases.js';
import { shorten } from './shorten.js';

/** How much of a message a banner shows: text and names, names, or neither. */
export type Preview = 'full' | 'name' | 'none';

/** Longest title and text, in characters as people see them. */
const maxTitle = 60;
const maxBody = 120;

/** An image in a text (client-behaviour.md#text-encryption), and the rest of the text. */
const image = /&\$#@~\^@\[\{:.*?:\}\]&\$~@#@/gs;

/** What the banner of a push says. */
export function alertOf(
  push: Pick<pushApi.push.Push, 'sessionType' | 'msgType' | 'msgData' | 'fromName' | 'groupName' | 'locale'>,
  preview: Preview,
  codec: TextCodec,
): { title: string; body: string } {
  const phrases = phrasesFor(push.locale);
  if (preview === 'none') return { title: phrases.app, body: phrases.message };
  const isGroup = push.sessionType === 2;
  const name = shorten(push.fromName, maxTitle) || phrases.app;
  const title = isGroup ? shorten(push.groupName, maxTitle) || name : name;
  const text = preview === 'full' ? textOf(push, codec) : phrases.message;
  return { title, body: shorten(isGroup ? `${name}: ${text}` : text, maxBody) || phrases.message };
}

function textOf(
  { msgType, msgData, locale }: Pick<pushApi.push.Push, 'msgType' | 'msgData' | 'locale'>,
  codec: TextCodec,
): string {
  const phrases = phrasesFor(locale);
  if (isAudioMessageType(msgType)) return phrases.audio;
  if (!isTextMessageType(msgType) || msgData.length === 0) return phrases.message;
  try {
    return codec.decrypt(msgData).replaceAll(image, ` ${phrases.image} `);
  } catch (error) {
    if (error instanceof TextError) return phrases.message;
    throw error;
  }
}
