import type { TeamTalkClient } from '@teamtalk/client';
import { IM } from '@teamtalk/protocol';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConsoleStand, choose, visit } from './stand.js';

const { USER_STATUS_OFFLINE } = IM.BaseDefine.UserStatType;

/** The longest time from the page's request until an old client has the notice, milliseconds. */
const soonMs = 1_000;
/** The same for a leaver, who is cut off everywhere. */
const leaverMs = 2_000;

let stand: ConsoleStand;
let page: Page;
let ids: Record<'ann' | 'ben' | 'cat' | 'dan', number>;
/** Act as old Windows clients. */
let ann: TeamTalkClient;
let ben: TeamTalkClient;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  ids = await stand.cluster.addUsers(['ann', 'ben', 'cat', 'dan']);
  [ann, ben] = [await stand.cluster.connect('ann'), await stand.cluster.connect('ben')];
  page = await stand.enter();
});
afterAll(async () => {
  await stand?.stop();
});

/** Resolves when the client emits a matching event. @returns when, Unix milliseconds */
function emitted<T>(client: TeamTalkClient, event: string, matches: (value: T) => boolean = () => true) {
  return new Promise<number>((resolve) => {
    client.on(event as 'group', (value) => {
      if (matches(value as unknown as T)) resolve(Date.now());
    });
  });
}

/** Presses the button that makes a change; its notices, if any, arrive in time, and the change is one audit event. */
async function press(
  button: string,
  verb: string,
  notices: Promise<number>[],
  atMost = soonMs,
): Promise<void> {
  const [head] = await stand.cluster.sql<{ id: number }>('SELECT id::int4 FROM audit_head');
  const [response] = await Promise.all([
    page.waitForResponse((each) => each.request().method() !== 'GET'),
    page.locator(button).click(),
  ]);
  if (notices.length > 0) {
    const begin = response.request().timing().startTime;
    const ms = Math.round(Math.max(...(await Promise.all(notices))) - begin);
    console.info(`${verb}: old clients had the notice after ${ms} ms`);
    expect(ms).toBeLessThanOrEqual(atMost);
  }
  const events = await stand.cluster.sql('SELECT actor, verb FROM audit_event WHERE id > $1', [head?.id]);
  expect(events).toEqual([{ actor: 'console admin', verb }]);
}

const confirmation = 'dialog[open] button.main';
const groupChange = (client: TeamTalkClient, change: string, userId: number) =>
  emitted<{ change: string; userIds: number[] }>(
    client,
    'group',
    (told) => told.change === change && told.userIds.includes(userId),
  );

it('a changed picture and signature', async () => {
  await visit(page, `users/${ids.cat}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.fill('[name=avatar_url]', 'http://msfs/cat.png');
  await page.fill('[name=sign_info]', 'back on Monday');
  await press('form button[type=submit]', 'user.change', [
    emitted<{ userId: number }>(ann, 'avatar', ({ userId }) => userId === ids.cat),
    emitted<{ userId: number }>(ann, 'signature', ({ userId }) => userId === ids.cat),
  ]);
});

it('members who are added and removed, and a group that is dissolved', async () => {
  const groupId = await ann.groups.create('team', [ids.ann, ids.ben]);
  await visit(page, `groups/${groupId}`);
  await page.getByRole('button', { name: 'Add members' }).click();
  await page.fill('[name=find-user]', 'cat');
  await page.getByRole('button', { name: 'Add: cat' }).waitFor();
  await press('[aria-label="Add: cat"]', 'group.add', [groupChange(ben, 'added', ids.cat)]);
  await page.getByRole('button', { name: 'Remove: ben' }).click();
  await press(confirmation, 'group.remove', [
    groupChange(ann, 'removed', ids.ben),
    groupChange(ben, 'removed', ids.ben),
  ]);

  await page.locator('.page-head').getByRole('button', { name: 'Edit' }).click();
  await page.fill('dialog [name=avatar_url]', 'http://msfs/team.png');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('http://msfs/team.png').waitFor();
  expect(await ann.groups.info([groupId])).toMatchObject([{ groupAvatar: 'http://msfs/team.png' }]);

  await page.getByRole('button', { name: 'Dissolve' }).click();
  await press(confirmation, 'group.dissolve', [groupChange(ann, 'removed', ids.ann)]);
});

it('a group that is restored, and a new owner who becomes a member', async () => {
  const groupId = await ann.groups.create('crew', [ids.ann, ids.ben]);
  await ann.send({ group: groupId }, 'before');
  await visit(page, `groups/${groupId}`);
  await page.getByRole('button', { name: 'Dissolve' }).click();
  await press(confirmation, 'group.dissolve', [groupChange(ben, 'removed', ids.ben)]);
  await expect(ben.send({ group: groupId }, 'gone', { deadlineMs: 500 })).rejects.toThrow();

  await visit(page, 'groups/dissolved');
  await page.getByRole('button', { name: 'Restore: crew' }).click();
  await press(confirmation, 'group.restore', [
    groupChange(ann, 'added', ids.ann),
    groupChange(ben, 'added', ids.ben),
  ]);
  const history = await ben.history({ group: groupId }, { count: 10 });
  expect(history.map(({ text }) => text)).toEqual(['before']);

  await page.getByRole('heading', { name: 'crew' }).waitFor();
  await page.getByRole('button', { name: 'Hand over' }).click();
  await page.fill('[name=find-user]', 'cat');
  await page.getByRole('button', { name: 'Choose: cat' }).click();
  await press(confirmation, 'group.hand-over', [groupChange(ben, 'added', ids.cat)]);
  expect(await ben.groups.info([groupId])).toMatchObject([{ groupCreatorId: ids.cat }]);
});

it('an announcement, which every old client shows, also while everybody is muted', async () => {
  const groupId = await ann.groups.create('choir', [ids.ann, ids.ben]);
  const { notices } = await stand.cluster.addUsers(['notices']);
  await stand.cluster.sql('INSERT INTO bot (user_id) VALUES ($1)', [notices]);
  await visit(page, `groups/${groupId}`);
  await page.getByRole('button', { name: 'Mute everybody' }).click();
  await press('dialog[open] button[type=submit]', 'group.mute', []);
  await page.getByText('Only the owner and bots').waitFor();
  await expect(ben.send({ group: groupId }, 'la', { deadlineMs: 500 })).rejects.toThrow();
  await ann.send({ group: groupId }, 'silence, please');

  await page.getByRole('button', { name: 'New announcement' }).click();
  await page.fill('[name=text]', 'No rehearsal today');
  await page.locator('dialog [name=from]').waitFor();
  await press('dialog[open] button[type=submit]', 'group.announce', [
    emitted<{ fromUserId: number; text: string }>(
      ben,
      'message',
      ({ fromUserId, text }) => fromUserId === notices && text === '[Announcement] No rehearsal today',
    ),
    groupChange(ann, 'added', notices ?? 0),
  ]);
  await page.locator('.card').getByText('No rehearsal today').waitFor();
  await page.getByRole('button', { name: 'Unmute', exact: true }).click();
  await press(confirmation, 'group.mute', []);
  await ben.send({ group: groupId }, 'la');
});

it('a muted member, whose client shows a failure until the mute is lifted', async () => {
  const groupId = await ann.groups.create('quiet', [ids.ann, ids.ben]);
  await visit(page, `groups/${groupId}`);
  await page.getByRole('button', { name: 'Mute: ben' }).click();
  await choose(page, 'time', 'good');
  await press('dialog[open] button[type=submit]', 'group.mute', []);
  await page.getByText('muted for good').waitFor();
  await expect(ben.send({ group: groupId }, 'hm', { deadlineMs: 500 })).rejects.toThrow();
  await page.getByRole('button', { name: 'Unmute: ben' }).click();
  await press(confirmation, 'group.mute', []);
  await ben.send({ group: groupId }, 'thanks');
});

it('who may add members, and how many there can be', async () => {
  const groupId = await ann.groups.create('small', [ids.ann, ids.ben]);
  await visit(page, `groups/${groupId}`);
  await page.locator('.page-head').getByRole('button', { name: 'Edit' }).click();
  await choose(page, 'adding', 'owner');
  await page.fill('[name=max_members]', '2');
  await press('dialog[open] button[type=submit]', 'group.change', []);
  await page.getByText('Only the owner').waitFor();
  await expect(ben.groups.addMembers(groupId, [ids.cat])).rejects.toMatchObject({ resultCode: 2 });
  await expect(ann.groups.addMembers(groupId, [ids.cat])).rejects.toMatchObject({ resultCode: 4 });
});

it('a connection that is ended, a password that is reset, and a user who has left', async () => {
  const dan = await stand.cluster.connect('dan');
  await visit(page, `users/${ids.dan}`);
  await page.getByRole('button', { name: /^Disconnect: Windows/ }).click();
  await press(confirmation, 'session.end', [emitted(dan, 'kicked')]);

  const again = await stand.cluster.connect('dan');
  await page.getByRole('button', { name: 'Reset password' }).click();
  await press(confirmation, 'user.change', [emitted(again, 'kicked')]);
  const password = (await page.getByTestId('shown-once').textContent()) ?? '';
  await page.getByRole('button', { name: 'I have saved it' }).click();

  const last = await stand.cluster.connect('dan', { password });
  await page.getByRole('button', { name: 'Has left' }).click();
  await choose(page, 'groups', 'keep');
  await press(
    confirmation,
    'user.change',
    [
      emitted(last, 'kicked'),
      emitted<{ userId: number; status: number }>(
        ann,
        'status',
        ({ userId, status }) => userId === ids.dan && status === USER_STATUS_OFFLINE,
      ),
    ],
    leaverMs,
  );
});

it('no page reported an error or a policy violation', () => {
  expect(stand.problems).toEqual([]);
});
