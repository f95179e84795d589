import {
  isAudioMessageType,
  isTextMessageType,
  replaceImages,
  type TextCodec,
  TextError,
} from '@teamtalk/protocol';
import type { pushApi } from '@teamtalk/rpc';
import type { Alert } from './fitted.js';
import { languageOf, phrasesFor } from './phrases.js';
import { shorten } from './shorten.js';

/** How much of a message a banner shows: text and names, names, or neither. */
export type Preview = 'full' | 'name' | 'none';

/** Longest title and text, in characters as people see them. */
const maxTitle = 60;
const maxBody = 120;

type Shown = Pick<
  pushApi.push.Push,
  'sessionType' | 'msgType' | 'msgData' | 'fromName' | 'groupName' | 'locale'
>;
type Claimed = Shown & Pick<pushApi.push.Push, 'sessionId' | 'userId' | 'msgId'>;

/** What the banners of a batch say. A group's message is decrypted once for each language and not for each device. */
export function alertsOfBatch(preview: Preview, codec: TextCodec): (push: Claimed) => Alert {
  const known = new Map<string, Alert>();
  return (push) => {
    const { sessionType, sessionId, userId, msgId, locale } = push;
    // A conversation with a user has the same id in those of others.
    const conversation = sessionType === 2 ? [sessionId] : [sessionId, userId];
    const key = [sessionType, ...conversation, msgId, languageOf(locale)].join(' ');
    const alert = known.get(key) ?? alertOf(push, preview, codec);
    known.set(key, alert);
    return alert;
  };
}

/** What the banner of a push says. */
export function alertOf(push: Shown, preview: Preview, codec: TextCodec): Alert {
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
    return replaceImages(codec.decrypt(msgData), () => ` ${phrases.image} `);
  } catch (error) {
    if (error instanceof TextError) return phrases.message;
    throw error;
  }
}
