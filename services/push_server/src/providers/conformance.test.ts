import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Stand } from '../testing/stand.js';
import { stands } from '../testing/stands.js';
import type { Notification } from './provider.js';

let sent = 0;

describe.each(Object.entries(stands))('%s', (_, start) => {
  let stand: Stand;

  beforeEach(async () => {
    stand = await start(20_000);
  });
  afterEach(async () => {
    await stand.provider.stop();
    await stand.stopFake();
  });

  function send(rest: Partial<Notification> = {}) {
    return stand.provider.send({
      id: `00000000-0000-4000-8000-${String(++sent).padStart(12, '0')}`,
      token: stand.token,
      app: '',
      collapseId: 's1',
      expiresAt: Date.now() + 86_400_000,
      alert: { title: 'Ann', body: 'hello' },
      badge: 3,
      data: { msg_type: 1, from_id: 7 },
      ...rest,
    });
  }

  const badgeOf = (badge: number) => (stand.bannersOnly ? undefined : badge);

  function withoutAlert(rest: Partial<Notification>) {
    return send({ ...rest, alert: undefined } as Partial<Notification>);
  }

  test('a banner is shown, replaced by the next of its conversation, and withdrawn', async () => {
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect([stand.shown('s1'), stand.badge()]).toEqual(['hello', badgeOf(3)]);
    await send({ alert: { title: 'Ann', body: 'newer' }, badge: 4 });
    await send({ collapseId: 'g2', alert: { title: 'Team', body: 'other' }, badge: 5 });
    expect([stand.shown('s1'), stand.shown('g2'), stand.badge()]).toEqual(['newer', 'other', badgeOf(5)]);
    const withdrawal = await withoutAlert({ withdraws: true, badge: 1 });
    expect(stand.refusals()).toEqual([]);
    if (stand.bannersOnly) {
      expect(withdrawal).toMatchObject({ kind: 'unsupported' });
      return;
    }
    expect(withdrawal).toMatchObject({ kind: 'accepted' });
    expect([stand.shown('s1'), stand.shown('g2'), stand.badge()]).toEqual([undefined, 'other', badgeOf(1)]);
  });

  test('a badge alone shows nothing', async () => {
    const isTaken = !stand.bannersOnly && !stand.noBadgeAlone;
    expect(await withoutAlert({ badge: 9 })).toMatchObject({ kind: isTaken ? 'accepted' : 'unsupported' });
    expect([stand.shown('s1'), stand.badge()]).toEqual([undefined, isTaken ? 9 : undefined]);
  });

  test('a text of any length and kind fits, and is cut between characters', async () => {
    const family = '👩‍👩‍👧‍👦';
    for (const body of [
      '长'.repeat(5_000),
      '\u0001"\\'.repeat(3_000),
      '\ud83d'.repeat(2_000),
      '',
      '\u2028',
    ]) {
      expect(await send({ alert: { title: body, body } })).toMatchObject({ kind: 'accepted' });
    }
    await send({ alert: { title: 'x', body: family.repeat(1_000) } });
    expect(stand.shown('s1')?.replaceAll(family, '')).toBe('…');
    expect(stand.refusals()).toEqual([]);
  });

  test('many at once', async () => {
    const { concurrency = 500 } = stand.provider;
    const outcomes = await Promise.all(Array.from({ length: concurrency }, () => send()));
    expect(outcomes.filter(({ kind }) => kind !== 'accepted')).toEqual([]);
  });

  test('one that expires now is given to the provider nevertheless', async () => {
    expect(await send({ expiresAt: Date.now() })).toMatchObject({ kind: 'accepted' });
  });

  test('a busy provider is tried again when it wants to', async () => {
    stand.next('busy');
    expect(await send()).toMatchObject({ kind: 'retry', afterMs: 7_000 });
    expect(await send()).toMatchObject({ kind: 'accepted' });
  });

  test.each(['failing', 'breaks'] as const)(
    'one that is %s is tried again, and the next goes through',
    async (trouble) => {
      await send();
      stand.next(trouble);
      expect(await send()).toMatchObject({ kind: 'retry' });
      expect(await send()).toMatchObject({ kind: 'accepted' });
    },
  );

  test('one that is silent is given up after the deadline, and nobody knows whether it has the push', async () => {
    const patient = stand;
    stand = await start(500);
    stand.next('silent');
    expect(await send()).toMatchObject({ kind: 'retry', unsure: true });
    await stand.provider.stop();
    await stand.stopFake();
    stand = patient;
  });

  test('one that is away is tried again', async () => {
    await send();
    await stand.stopFake();
    expect(await send()).toMatchObject({ kind: 'retry' });
    stand = await start(20_000);
  });

  test('a device that is gone is gone; others are not', async () => {
    stand.remove();
    expect(await send()).toMatchObject({ kind: 'gone' });
    expect(await send({ token: stand.other })).toMatchObject({ kind: 'accepted' });
  });

  test('a device of another app does not block others', async () => {
    expect((await send({ app: 'com.other' })).kind).not.toBe('blocked');
    expect(await send()).toMatchObject({ kind: 'accepted' });
  });

  test('a token that can be none is gone', async () => {
    for (const token of stand.malformed) {
      expect(await send({ token }), token).toMatchObject({ kind: 'gone' });
    }
    expect(await send()).toMatchObject({ kind: 'accepted' });
  });
});
