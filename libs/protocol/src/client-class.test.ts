import { describe, expect, it } from 'vitest';
import { type ClientClass, clientClassOf, displacedOf } from './client-class.js';
import { ClientType } from './message-types.js';

it.each([
  [ClientType.WINDOWS, '1.0', 'pc'],
  [ClientType.MAC, '', 'pc'],
  [ClientType.WINDOWS, 'web/0.1.0', 'web'],
  [ClientType.MAC, 'web/', 'web'],
  [ClientType.WINDOWS, 'Web/1', 'pc'],
  [ClientType.WINDOWS, 'a web/1', 'pc'],
  [ClientType.IOS, 'web/0.1.0', 'mobile'],
  [ClientType.ANDROID, '1.0', 'mobile'],
] as const)('client type %i with version "%s" is of class %s', (clientType, version, clientClass) => {
  expect(clientClassOf(clientType, version)).toBe(clientClass);
});

it('a bot is of class bot whatever its client type and version', () => {
  for (const type of [ClientType.WINDOWS, ClientType.ANDROID])
    expect(clientClassOf(type, 'web/1', true)).toBe('bot');
});

describe('displacedOf', () => {
  const sessions = (clientClass: ClientClass, ...seqs: number[]) =>
    seqs.map((loginSeq) => ({ clientClass, loginSeq }));
  const seqsOf = (each: readonly { loginSeq: number }[]) => each.map(({ loginSeq }) => loginSeq);

  it('keeps one PC, one mobile, five web and twenty bot sessions', () => {
    const ofBot = Array.from({ length: 20 }, (_, i) => 10 + i);
    const all = [
      ...sessions('pc', 3),
      ...sessions('mobile', 1),
      ...sessions('web', 2, 4, 5, 6, 7),
      ...sessions('bot', ...ofBot),
    ];
    for (const clientClass of ['pc', 'mobile', 'web', 'bot'] as const) {
      expect(displacedOf(all, clientClass)).toEqual([]);
    }
  });

  it('returns the oldest ones beyond that, of that class only', () => {
    const all = [...sessions('web', 9, 2, 7, 1, 6, 8, 5), ...sessions('pc', 3, 4)];
    expect(seqsOf(displacedOf(all, 'web'))).toEqual([2, 1]);
    expect(seqsOf(displacedOf(all, 'pc'))).toEqual([3]);
    expect(seqsOf(displacedOf(all, 'mobile'))).toEqual([]);
    const ofBot = Array.from({ length: 21 }, (_, i) => 30 - i);
    expect(seqsOf(displacedOf(sessions('bot', ...ofBot), 'bot'))).toEqual([10]);
  });
});
