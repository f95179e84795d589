import { createTextCodec, DEFAULT_TEXT_KEY, MsgType } from '@teamtalk/protocol';
import { alertOf } from '../notification/alert.js';
import { apnsPayload, maxPayloadBytes as maxApns } from '../providers/apns/apns-payload.js';
import { fcmMessage, maxPayloadBytes as maxFcm } from '../providers/fcm/fcm-message.js';
import type { Notification } from '../providers/provider.js';
import { hmsMessage, maxMessageBytes as maxHms } from '../providers/vendors/hms.js';
import { honorMessage, maxMessageBytes as maxHonor } from '../providers/vendors/honor.js';
import { oppoLimits, oppoMessage } from '../providers/vendors/oppo.js';
import { vivoLimits, vivoMessage, vivoWidth } from '../providers/vendors/vivo.js';
import { xiaomiForm, xiaomiLimits } from '../providers/vendors/xiaomi.js';
import { maxTextBytes, webPushText } from '../providers/web-push/web-push.js';

interface Shown {
  title: string;
  body: string;
}

/** Each provider's request before encryption, its limit in bytes, and the texts a phone shows. */
const forms: Record<
  string,
  {
    most: number;
    encode: (notification: Notification) => Buffer;
    shown: (sent: never) => Partial<Shown> | undefined;
  }
> = {
  apns: {
    most: maxApns,
    encode: apnsPayload,
    shown: (sent: { aps: { alert?: Shown } }) => sent.aps.alert,
  },
  fcm: {
    most: maxFcm,
    encode: (notification) => fcmMessage(notification, 0),
    shown: (sent: { message: { notification?: Shown } }) => sent.message.notification,
  },
  webpush: { most: maxTextBytes, encode: webPushText, shown: (sent: Partial<Shown>) => sent },
  hms: {
    most: maxHms,
    encode: (notification) => hmsMessage(notification, 'com.example.Main', 0),
    shown: (sent: { message: { android: { notification?: Shown } } }) => sent.message.android.notification,
  },
  honor: {
    most: maxHonor,
    encode: (notification) => honorMessage(notification, 'com.example.Main', 0),
    shown: (sent: { android: { notification?: Shown } }) => sent.android.notification,
  },
  xiaomi: {
    most: maxHms,
    // As JSON, because only its texts are checked.
    encode: (notification) => {
      const form = xiaomiForm(notification, { packageName: '', channelId: '' }, 0).toString();
      return Buffer.from(JSON.stringify(Object.fromEntries(new URLSearchParams(form))));
    },
    shown: ({ title, description }: { title: string; description: string }) =>
      inLimits({ title, body: description }, xiaomiLimits, (text) => text.length),
  },
  oppo: {
    most: maxHms,
    encode: (notification) => Buffer.from(oppoMessage(withAlert(notification), '', 0)),
    shown: ({ notification: { title, content } }: { notification: { title: string; content: string } }) =>
      inLimits({ title, body: content }, oppoLimits, (text) => text.length),
  },
  vivo: {
    most: maxHms,
    encode: (notification) => vivoMessage(withAlert(notification), '1', 0),
    shown: ({ title, content }: { title: string; content: string }) =>
      inLimits({ title, body: content }, vivoLimits, (text) =>
        [...text].reduce((sum, character) => sum + vivoWidth(character), 0),
      ),
  },
};

const withAlert = (notification: Notification) => ({ ...notification, alert: notification.alert as Shown });

/** @throws Error when a text is blank or exceeds the vendor's limit */
function inLimits(
  shown: Shown,
  limits: { title: number; body: number },
  widthOf: (text: string) => number,
): Shown {
  for (const name of ['title', 'body'] as const) {
    const width = widthOf(shown[name]);
    if (width > limits[name] || shown[name].trim() === '')
      throw new Error(`the ${name} has a width of ${width}`);
  }
  return shown;
}

/** Parts of the generated texts: characters that JSON escapes, control characters, lone surrogates, long grapheme clusters. */
const parts = [
  ...[
    'a',
    ' ',
    '"',
    '\\',
    '/',
    '<',
    '\u0000',
    '\u001f',
    '\u007f',
    '\u0085',
    '\t',
    '\r\n',
    '\u2028',
    '\ufeff',
  ],
  ...[
    '长',
    'ß',
    '\u00a0',
    '👩‍👩‍👧‍👦',
    '👍🏽',
    '🏳️‍🌈',
    '🇨🇳',
    '🇩',
    '\ud83d',
    '\udc00',
    '\udbff\udfff',
    '\uffff',
  ],
  ...['e\u0301\u0301', '\u0301', '\u200d', '\ufe0f', '\u202e', 'นี้', 'क्षि', '각', '\u1112\u1161\u11ab', 'א'],
];

const codec = createTextCodec(DEFAULT_TEXT_KEY);
const utf8 = new TextDecoder('utf-8', { fatal: true });
const clusters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A pseudo-random number generator with a seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Generates texts from a seed, makes each provider's request for them, and checks it.
 * @returns number of shortened texts, so that the caller can check that shortening was exercised
 * @throws Error with the text whose request is too long, invalid, or cut within a character
 */
export function fuzzTexts(count: number, seed: number): { shortened: number } {
  const random = randomFrom(seed);
  let shortened = 0;
  const text = () => {
    const length = random(50) === 0 ? random(3_000) : random(150);
    // Some texts have parts of one kind only, so that clusters become very long.
    const kinds = random(4) === 0 ? 1 + random(2) : parts.length;
    const first = random(parts.length);
    let made = '';
    for (let i = 0; i < length; i++) made += parts[(first + random(kinds)) % parts.length];
    return made;
  };
  for (let i = 0; i < count; i++) {
    const [body, name] = [text(), text()];
    // Every eighth text is longer than a banner's, so that the byte limit applies.
    const alert = random(8) === 0 ? { title: name, body } : alertFor(body, name);
    const notification: Notification = {
      id: '',
      token: '',
      app: '',
      collapseId: 's1',
      expiresAt: 0,
      badge: 1,
      alert,
      data: { msg_type: 1, from_id: 1 },
    };
    const texts = { title: textsOf(alert.title), body: textsOf(alert.body) };
    for (const [provider, { most, encode, shown }] of Object.entries(forms)) {
      const problem = problemOf(encode(notification), most, shown, texts);
      if (problem) throw new Error(`${provider}: ${problem}: ${JSON.stringify({ seed, i, body, name })}`);
    }
    if (alert.body.endsWith('…')) shortened++;
  }
  return { shortened };
}

function alertFor(text: string, fromName: string): Shown {
  const push = { sessionType: 1, msgType: MsgType.SINGLE_TEXT, msgData: codec.encrypt(text), fromName };
  const alert = alertOf({ ...push, groupName: '', locale: 'en' }, 'full', codec);
  // The text itself, cut only between characters.
  const whole = cleaned(text);
  if (whole !== '' && !isCutOf(alert.body, whole))
    throw new Error(`cut within a character: ${JSON.stringify(text)}`);
  return alert;
}

/** The forms in which a text may be sent: unchanged, or cleaned and cut. */
interface Texts {
  whole: string;
  clean: string;
}

const textsOf = (text: string): Texts => ({ whole: wellFormed(text), clean: cleaned(text) });

function problemOf(
  sent: Buffer,
  most: number,
  shown: (sent: never) => Partial<Shown> | undefined,
  texts: { title: Texts; body: Texts },
): string | undefined {
  if (sent.length > most) return `${sent.length} bytes`;
  const { title, body } = shown(JSON.parse(utf8.decode(sent)) as never) ?? {};
  for (const [name, text] of [
    ['title', title],
    ['body', body],
  ] as const) {
    if (text === undefined) continue;
    if (/\p{Cs}/u.test(text)) return `half a surrogate pair in the ${name}`;
    if (text !== texts[name].whole && !isCutOf(text, texts[name].clean))
      return `the ${name} is cut within a character`;
  }
  return undefined;
}

/** Whether a text is the whole, or a beginning of it that ends between two characters, followed by an ellipsis. */
function isCutOf(text: string, whole: string): boolean {
  if (text === whole || text === '…') return true;
  if (!text.endsWith('…')) return false;
  const kept = text.slice(0, -1);
  return (
    whole.startsWith(kept) &&
    (clusters.segment(whole).containing(kept.length)?.index ?? kept.length) === kept.length
  );
}

function cleaned(text: string): string {
  return wellFormed(text)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/** Replaces lone surrogates by U+FFFD, as encoding in UTF-8 does. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString('utf8');
}
