import { ClientType, imageUrlsIn, type TeamTalkClient } from '@teamtalk/client';
import { createGroup } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { png } from './png.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

let web: WebInstallation;
let ids: Record<'ann' | 'ben' | 'cat' | 'dan', number>;
let ann: WebClientPage;
let ben: WebClientPage;
/** An old client. */
let cat: TeamTalkClient;

beforeAll(async () => {
  web = await WebInstallation.start();
  ids = await web.cluster.addUsers(['ann', 'ben', 'cat', 'dan']);
  ann = await WebClientPage.open(web.browsers[0], web.url);
  ben = await WebClientPage.open(web.browsers[1], web.url);
  await ann.enter('ann');
  await ben.enter('ben');
}, 120_000);
afterAll(() => web?.stop());
beforeEach(async () => {
  cat = await web.cluster.connect('cat', { server: 1, clientType: ClientType.ANDROID });
});
afterEach(async () => {
  await cat.close();
  expect(await ann.harm()).toEqual(noHarm);
  expect(await ben.harm()).toEqual(noHarm);
});

const fromCat = (text: string, to: number) => cat.send({ user: to }, text);

describe('texts', () => {
  it('travel both ways between two browsers', async () => {
    await ann.openContact('ben');
    await ann.send('Hello Ben, 你好');
    await ben.row('ann').locator('.badge').waitFor();
    expect(await ben.page.title()).toBe('(1) TeamTalk');
    await ben.openChat('ann');
    await ben.message('Hello Ben, 你好').waitFor();
    await waitUntil(async () => (await ben.page.title()) === 'TeamTalk', { what: 'ben has read it' });
    await ben.send('Hello Ann');
    await ann.message('Hello Ann').waitFor();
    expect(await ann.texts()).toEqual(['Hello Ben, 你好', 'Hello Ann']);
    expect(await ben.texts()).toEqual(['Hello Ben, 你好', 'Hello Ann']);
  });

  it('travel to and from an old client, with its phrases', async () => {
    await fromCat('from the phone [牙牙大笑]', ids.ann);
    await ann.row('cat').locator('.row-preview', { hasText: 'from the phone' }).waitFor();
    await ann.openChat('cat');
    await ann.message('from the phone').locator('.phrase[title="[牙牙大笑]"]').waitFor();
    const incoming = cat.nextMessage(15_000);
    await ann.page.getByRole('button', { name: 'Emoji', exact: true }).click();
    await ann.page.getByRole('button', { name: '[牙牙撒花]' }).click();
    await ann.page.press('.composer textarea', 'Enter');
    expect(await incoming).toMatchObject({ fromUserId: ids.ann, text: '[牙牙撒花]' });
  });

  it('keep their line breaks, and URLs become links', async () => {
    await ann.openContact('ben');
    await ann.page.fill('.composer textarea', 'see\nhttps://example.com/a?b=1.');
    await ann.page.press('.composer textarea', 'Enter');
    const link = ann.message('see').locator('a');
    expect(await link.getAttribute('href')).toBe('https://example.com/a?b=1');
    expect(await link.getAttribute('rel')).toContain('noopener');
    expect((await ann.texts()).at(-1)).toBe('see\nhttps://example.com/a?b=1.');
  });
});

describe('unread messages', () => {
  it('are below a line, and become read once on the screen, also for other clients', async () => {
    await ann.openContact('ben');
    for (let i = 1; i <= 3; i++) await fromCat(`unread ${i}`, ids.ann);
    await ann.row('cat').locator('.badge', { hasText: '3' }).waitFor();
    await ann.openChat('cat');
    await ann.page.locator('.unread-line').waitFor();
    const after = ann.page.locator('.unread-line ~ .message .message-text');
    expect(await after.allTextContents()).toEqual(['unread 1', 'unread 2', 'unread 3']);
    const phone = await web.cluster.connect('ann', { server: 1, clientType: ClientType.ANDROID });
    await waitUntil(async () => (await phone.unread()).total === 0, { what: 'nothing is unread' });
    await phone.close();
  });

  it('become read when another client of the user reads them', async () => {
    await ann.openContact('ben');
    const { msgId } = await fromCat('read on the phone', ids.ann);
    await ann.row('cat').locator('.badge').waitFor();
    const phone = await web.cluster.connect('ann', { server: 1, clientType: ClientType.ANDROID });
    await phone.markRead({ user: ids.cat }, msgId);
    await ann.row('cat').locator('.badge').waitFor({ state: 'detached' });
    await phone.close();
  });
});

it('history loads by pages, in order and without gaps, with day marks', async () => {
  const dan = await web.cluster.connect('dan');
  const count = 180;
  for (let i = 1; i <= count; i++) await dan.send({ user: ids.ben }, `line ${i}`);
  await dan.close();
  await ben.openChat('dan');
  await ben.message(`line ${count}`).waitFor();
  // All are unread: the line belongs above the first of them, which is not loaded yet.
  expect(await ben.page.locator('.unread-line').count()).toBe(0);
  const drawn = () => ben.page.locator('.message[data-id]').count();
  const mostDrawn = { count: 0 };
  const read = await ben.readAll(async () => {
    mostDrawn.count = Math.max(mostDrawn.count, await drawn());
  });
  expect(read.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  expect(read.map(({ text }) => text)).toEqual(Array.from({ length: count }, (_, i) => `line ${i + 1}`));
  // Rows far from the screen are not in the document.
  expect(mostDrawn.count).toBeLessThan(100);
  await ben.scrollToBeginning();
  expect(await ben.page.locator('.unread-line + .message').textContent()).toContain('line 1');
  await ben.page.locator('.day', { hasText: 'Today' }).waitFor();
  await ben.loaded();
  await ben.page.getByRole('button', { name: 'To the newest message' }).click();
  await ben.page.getByRole('button', { name: 'To the newest message' }).waitFor({ state: 'detached' });
});

it('search finds all loaded messages, even those not in the document', async () => {
  const found = ben.page.locator('.message.found');
  await ben.openChat('dan');
  await ben.scrollToBeginning();
  await ben.page.getByRole('button', { name: 'To the newest message' }).click();
  await ben.message('line 180').waitFor();
  expect(await ben.message('line 99').count()).toBe(0);
  await ben.page.locator('.timeline').focus();
  await ben.page.keyboard.press('Control+f');
  await ben.page.locator('.find-bar input:focus').waitFor();
  await ben.page.keyboard.type('LINE 99');
  await found.filter({ hasText: 'line 99' }).waitFor();
  expect(await ben.page.locator('.find-bar [role=status]').textContent()).toBe('1 of 1');
  await ben.page.getByRole('searchbox', { name: 'Search the loaded messages' }).fill('line 1');
  await found.filter({ hasText: 'line 180' }).waitFor();
  await ben.page.keyboard.press('Enter');
  await found.filter({ hasText: 'line 179' }).waitFor();
  await ben.page.keyboard.press('Shift+Enter');
  await found.filter({ hasText: 'line 180' }).waitFor();
  await ben.page.keyboard.press('Escape');
  await found.waitFor({ state: 'detached' });
});

it('the scroll position is stable when messages arrive or older ones load', async () => {
  await ann.openContact('dan');
  const dan = await web.cluster.connect('dan', { server: 1 });
  for (let i = 1; i <= 120; i++) await dan.send({ user: ids.ann }, `page ${i}\n${'and on\n'.repeat(i % 5)}`);
  await ann.message('page 120').waitFor();
  await ann.page.locator('.timeline').hover();
  const row = ann.message('page 100');
  await waitUntil(
    async () => {
      await ann.page.mouse.wheel(0, -200);
      return (await row.count()) === 1 && (await row.boundingBox())!.y > 100;
    },
    { what: 'message 100 on the screen', timeoutMs: 30_000 },
  );
  // The last wheel event may not have been handled yet.
  await ann.page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
  );
  const before = (await row.boundingBox())!.y;
  await dan.send({ user: ids.ann }, 'the newest');
  await ann.row('dan').locator('.row-preview', { hasText: 'the newest' }).waitFor();
  await ann.page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
  );
  expect(Math.abs((await row.boundingBox())!.y - before)).toBeLessThan(2);
  await dan.close();
});

describe('images', () => {
  /** Waits until the image is loaded and has its size. */
  const shown = (page: WebClientPage, url: string) =>
    waitUntil(
      () =>
        page.page
          .locator(`.message img[src="${url}"]`)
          .last()
          .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth === 3),
      { what: `the image ${url}`, timeoutMs: 15_000 },
    );

  it('reach another browser and an old client when chosen as files', async () => {
    await ann.openContact('cat');
    const incoming = cat.nextMessage(15_000);
    await ann.page.setInputFiles('.composer input[type=file]', {
      name: 'photo.png',
      mimeType: 'image/png',
      buffer: png,
    });
    const [url = ''] = imageUrlsIn((await incoming).text ?? '');
    expect(url).toMatch(/_3x2\.png$/);
    await shown(ann, url);
    await cat.send({ user: ids.ben }, `look: &$#@~^@[{:${url}:}]&$~@#@`);
    await ben.row('cat').locator('.row-preview', { hasText: 'look: [Image]' }).waitFor();
    await ben.openChat('cat');
    await shown(ben, url);
    await ben.page.getByRole('button', { name: 'Open the image' }).last().click();
    await ben.page.locator('dialog .full-image').waitFor();
    await ben.page.keyboard.press('Escape');
    await ben.page.locator('dialog').waitFor({ state: 'detached' });
  });

  it('can be pasted and dropped', async () => {
    await ann.openContact('cat');
    for (const [selector, type, property] of [
      ['.composer textarea', 'paste', 'clipboardData'],
      ['.chat', 'drop', 'dataTransfer'],
    ]) {
      const incoming = cat.nextMessage(15_000);
      await ann.page.evaluate(`(() => {
        const bytes = Uint8Array.from(atob(${JSON.stringify(png.toString('base64'))}), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], 'x.png', { type: 'image/png' }));
        const event = new ${type === 'paste' ? 'ClipboardEvent' : 'DragEvent'}('${type}', {
          ${property}: data, bubbles: true, cancelable: true,
        });
        document.querySelector(${JSON.stringify(selector)}).dispatchEvent(event);
      })()`);
      expect(imageUrlsIn((await incoming).text ?? ''), type).toHaveLength(1);
    }
  });
});

describe('groups', () => {
  it('can be created, written to, changed and left', async () => {
    await ann.page.getByRole('button', { name: 'Chats' }).click();
    await ann.page.getByRole('button', { name: 'New group' }).click();
    await ann.page.fill('input[name=group-name]', 'Lunch');
    await ann.page.locator(`dialog input[data-user="${ids.ben}"]`).check();
    await ann.page.locator(`dialog input[data-user="${ids.cat}"]`).check();
    await ann.page.getByRole('button', { name: 'Create', exact: true }).click();
    await ann.title('Lunch').waitFor();
    const incoming = cat.nextMessage(15_000);
    await ann.send('Noon?');
    const { session } = await incoming;
    expect(session).toHaveProperty('group');
    await ben.row('Lunch').click();
    await ben.title('Lunch').waitFor();
    await ben.page
      .locator('.message', { hasText: 'Noon?' })
      .locator('.message-name', { hasText: 'ann' })
      .waitFor();

    const changes: unknown[] = [];
    cat.on('group', ({ change, userIds }) => changes.push([change, userIds]));
    await ann.page.locator('.chat-title').click();
    await ann.page.getByRole('button', { name: 'Add members' }).click();
    await ann.page.locator(`dialog input[data-user="${ids.dan}"]`).check();
    await ann.page.getByRole('button', { name: 'Add', exact: true }).click();
    await ann.page.locator('dialog .member', { hasText: 'dan' }).waitFor();
    await ann.page.getByRole('button', { name: 'Remove dan' }).click();
    await ann.page.locator('dialog .member', { hasText: 'dan' }).waitFor({ state: 'detached' });
    await waitUntil(() => changes.length === 2, { what: 'cat is told' });
    expect(changes).toEqual([
      ['added', [ids.dan]],
      ['removed', [ids.dan]],
    ]);
    await ann.page.getByRole('button', { name: 'Close' }).first().click();

    await ben.page.locator('.chat-title').click();
    await ben.page.getByRole('checkbox', { name: /Mute/ }).check();
    await ben.page.getByRole('button', { name: 'Leave the group' }).click();
    await ben.page.getByRole('button', { name: 'Leave the group' }).click();
    await ben.row('Lunch').waitFor({ state: 'detached' });
    await waitUntil(() => changes.length === 3, { what: 'cat is told that ben left' });
  });

  it('of old clients show senders and members', async () => {
    const group = await createGroup(cat, [ids.ann, ids.ben], 'Phones');
    await cat.send({ group }, 'from the phone to all');
    await ann.row('Phones').locator('.row-preview', { hasText: 'cat: from the phone' }).waitFor();
    await ann.openChat('Phones');
    await ann.page.getByRole('button', { name: 'cat: Profile' }).click();
    await ann.page.locator('dialog .facts', { hasText: 'cat' }).waitFor();
    await ann.page.keyboard.press('Escape');
  });
});

it('shows who is online with a PC', async () => {
  await ann.openContact('dan');
  await ann.page.locator('.chat-state', { hasText: 'Not at the computer' }).waitFor();
  const dan = await web.cluster.connect('dan', { server: 1 });
  await ann.page.locator('.chat-state', { hasText: 'Online' }).waitFor();
  await dan.close();
  await ann.page.locator('.chat-state', { hasText: 'Not at the computer' }).waitFor();
});
