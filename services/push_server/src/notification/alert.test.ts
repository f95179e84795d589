import { createTextCodec, DEFAULT_TEXT_KEY, MsgType } from '@teamtalk/protocol';
import type { pushApi } from '@teamtalk/rpc';
import { expect, test } from 'vitest';
import { claimedPush } from '../testing/claimed-push.js';
import { alertOf, alertsOfBatch, type Preview } from './alert.js';
import { shorten } from './shorten.js';

const codec = createTextCodec(DEFAULT_TEXT_KEY);

function alert(text: string | undefined, rest: object = {}, preview: Preview = 'full') {
  const push = {
    sessionType: 1,
    msgType: MsgType.SINGLE_TEXT as number,
    msgData: text === undefined ? Buffer.alloc(0) : codec.encrypt(text),
    fromName: 'Ann',
    groupName: '',
    locale: 'en',
    ...rest,
  };
  return alertOf(push, preview, codec);
}

test('a single message has the sender as its title, a group message the group', () => {
  expect(alert('hello')).toEqual({ title: 'Ann', body: 'hello' });
  const group = { sessionType: 2, msgType: MsgType.GROUP_TEXT, groupName: 'Team' };
  expect(alert('hello', group)).toEqual({ title: 'Team', body: 'Ann: hello' });
});

test('what is no text has a phrase in the language of the device', () => {
  const audio = { msgType: MsgType.SINGLE_AUDIO };
  expect(alert(undefined, audio).body).toBe('[Voice message]');
  expect(alert(undefined, { ...audio, locale: '' }).body).toBe('[语音]');
  expect(alert(undefined, { ...audio, locale: 'zh-Hans-CN' }).body).toBe('[语音]');
  expect(alert('look &$#@~^@[{:http://msfs/g0/a.png:}]&$~@#@ here').body).toBe('look [Image] here');
  expect(alert(undefined).body).toBe('New message');
  expect(alert('x', { msgData: Buffer.from('not encrypted') }).body).toBe('New message');
  expect(alert('x', { msgType: 99 }).body).toBe('New message');
});

test('images are replaced wherever they are; what does not end is no image', () => {
  expect(alert('&$#@~^@[{:a:}]&$~@#@&$#@~^@[{:b\nc:}]&$~@#@').body).toBe('[Image] [Image]');
  expect(alert('&$#@~^@[{:}]&$~@#@ a').body).toBe('&$#@~^@[{:}]&$~@#@ a');
  expect(alert('a :}]&$~@#@ &$#@~^@[{:b').body).toBe('a :}]&$~@#@ &$#@~^@[{:b');
  expect(alert(`a ${'&$#@~^@[{:x:}]&$~@#@'.repeat(3_000)}`).body).toMatch(/^a \[Image\] .*…$/);
});

const batched = alertsOfBatch('full', codec);

test('no message of a group takes long, however many devices it is for', () => {
  const text = codec.encrypt('&$#@~^@[{:'.repeat(4_800));
  const pushes = Array.from({ length: 500 }, (_, userId) =>
    claimedPush({ userId, sessionType: 2, sessionId: 30, msgType: MsgType.GROUP_TEXT, msgData: text }),
  ) as pushApi.push.Push[];
  const before = process.cpuUsage();
  for (const push of pushes) batched(push);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(1_000);
}, 120_000);

test('devices share the alert of a message only in the same conversation and language', () => {
  const said = (text: string, rest: pushApi.push.Push.$Properties) =>
    batched(claimedPush({ msgData: codec.encrypt(text), locale: 'en', ...rest }) as pushApi.push.Push).body;
  const group = { sessionType: 2, sessionId: 31, groupName: 'Team', msgType: MsgType.GROUP_TEXT };
  const image = '&$#@~^@[{:a:}]&$~@#@';
  expect(said(image, group)).toBe('Ann: [Image]');
  expect(said(image, { ...group, userId: 3, locale: 'zh-CN' })).toBe('Ann: [图片]');
  expect(said('other', { ...group, msgId: 10 })).toBe('Ann: other');
  expect(said('elsewhere', { ...group, sessionId: 32 })).toBe('Ann: elsewhere');
  // Ann's first message to each of two users.
  expect(said('to one', { userId: 2, msgId: 1 })).toBe('to one');
  expect(said('to the other', { userId: 3, msgId: 1 })).toBe('to the other');
});

test('PUSH_PREVIEW says what is shown', () => {
  const group = { sessionType: 2, msgType: MsgType.GROUP_TEXT, groupName: 'Team' };
  expect(alert('secret', group, 'name')).toEqual({ title: 'Team', body: 'Ann: New message' });
  expect(JSON.stringify(alert('secret', group, 'none'))).not.toMatch(/secret|Ann|Team/);
});

test('a text is cut between characters as people see them', () => {
  expect(shorten('abcdef', 6)).toBe('abcdef');
  expect(shorten('abcdefg', 6)).toBe('abcde…');
  expect(shorten('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 2)).toBe('👩‍👩‍👧‍👦…');
  expect(shorten('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
  expect(shorten(' a\n\n\tb\0c ', 10)).toBe('a b c');
  expect(shorten('a\ud83d', 10)).toBe('a\ufffd');
  expect(shorten('', 10)).toBe('');
});
