import {
  blobSource,
  ClientType,
  imageText,
  MsgType,
  sendFile,
  type TeamTalkClient,
  uploadImage,
} from '@teamtalk/client';
import { createGroup } from '@teamtalk/cluster';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Screenshots } from '../screenshots.js';
import { opusRecording } from './recordings.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

const screenshots = new Screenshots('web-client', {
  'en-light-chat': 'chat',
  'zh-dark-group': 'group-zh-dark',
  'zh-light-contacts': 'contacts-zh',
  'en-light-phone-chat': 'chat-phone',
});

const people = {
  zhangwei: ['张伟', 2],
  lina: ['李娜', 3],
  anna: ['Anna Meyer', 4],
  ben: ['Ben Carter', 4],
  chenjing: ['陈静', 3],
} as const;
type Name = keyof typeof people;

let web: WebInstallation;
let ids: Record<Name, number>;
let page: WebClientPage;

beforeAll(async () => {
  web = await WebInstallation.start();
  await fillCompany();
  page = await WebClientPage.open(web.browsers[0], web.url);
  await page.page.setViewportSize({ width: 1280, height: 800 });
  await page.enter('anna');
}, 240_000);
afterAll(() => web?.stop());

/** Fills the installation so that every screen has content. */
async function fillCompany(): Promise<void> {
  const { cluster } = web;
  ids = await cluster.addUsers(Object.keys(people) as Name[]);
  await cluster.sql(
    `INSERT INTO department (id, name, parent_id, priority) VALUES (1, '星河科技 Galaxy Tech', 0, 0), (2, '研发部 R&D', 1, 1),
       (3, '产品部 Product', 1, 2), (4, '销售部 Sales', 1, 3)`,
  );
  const clients = {} as Record<Name, TeamTalkClient>;
  for (const name of Object.keys(people) as Name[]) {
    const [called, department] = people[name];
    await cluster.sql('UPDATE im_user SET nick_name = $1, department_id = $2 WHERE id = $3', [
      called,
      department,
      ids[name],
    ]);
    clients[name] = await cluster.connect(name, { server: 1 });
  }
  const { anna, ben, lina, zhangwei, chenjing } = clients;
  await zhangwei.settings.setSignature('在路上');
  await chat(anna, ben);
  const group = await createGroup(lina, [ids.anna, ids.ben, ids.chenjing], '项目周会 Weekly');
  await lina.send({ group }, '大家好，周会改到下午三点 [牙牙撒花]');
  await ben.send({ group }, 'Fine with me. Same room?');
  await chenjing.send({ group }, '三楼大会议室，纪要在 https://wiki.example.com/weekly');
  await anna.send({ group }, '收到，谢谢');
  await zhangwei.send({ user: ids.anna }, '新版本已经部署到测试环境了');
  // The settings list this login, too.
  await cluster.connect('anna', { server: 1, clientType: ClientType.ANDROID });
}

async function chat(anna: TeamTalkClient, ben: TeamTalkClient): Promise<void> {
  await ben.send({ user: ids.anna }, 'Good morning! Could you look at the figures before we meet?');
  await anna.send({ user: ids.ben }, 'Sure. Which month?');
  await ben.send({ user: ids.anna }, 'October: https://reports.example.com/2026/10');
  const { url } = await uploadImage(web.cluster.url('msfs'), await chart(), { name: 'chart_360x160.png' });
  await ben.send({ user: ids.anna }, imageText(url));
  const voice = Buffer.concat([Buffer.from([0, 0, 0, 4]), opusRecording(4)]);
  await ben.send({ user: ids.anna }, voice, { type: MsgType.SINGLE_AUDIO });
  const { msgId } = await anna.send({ user: ids.ben }, 'Thanks, I will read it by noon 👍');
  await anna.markRead({ user: ids.ben }, msgId);
  await sendFile(ben, ids.anna, blobSource(new Blob(['x'.repeat(240_000)]), 'October.pdf'), {
    offline: true,
  });
}

/** A bar chart as PNG, drawn in the browser. */
async function chart(): Promise<Uint8Array> {
  const blank = await web.browsers[1].newPage();
  const url = (await blank.evaluate(`(() => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 360, height: 160 });
    const context = canvas.getContext('2d');
    context.fillStyle = '#f3f6fa';
    context.fillRect(0, 0, 360, 160);
    context.fillStyle = '#3b82c4';
    [40, 62, 55, 80, 96, 118, 104, 130].forEach((height, i) => context.fillRect(20 + 41 * i, 150 - height, 28, height));
    return canvas.toDataURL('image/png');
  })()`)) as string;
  await blank.close();
  return Buffer.from(url.split(',')[1]!, 'base64');
}

const label = {
  en: { chats: /^Chats/, contacts: 'Contacts', back: 'Back', close: 'Close' },
  zh: { chats: /^会话/, contacts: '通讯录', back: '返回', close: '关闭' },
} as const;
type Language = keyof typeof label;

const button = (name: string | RegExp) => page.page.getByRole('button', { name, exact: true });

describe.each<Language>(['en', 'zh'])('in %s', (language) => {
  const { chats, contacts, back, close } = label[language];
  const closed = async () => {
    await page.page.locator('dialog[open]').getByRole('button', { name: close }).click();
    await page.page.locator('dialog').waitFor({ state: 'detached' });
  };

  it.each(['light', 'dark'])('in the %s theme', async (theme) => {
    const shoot = (name: string) => screenshots.take(page.page, `${language}-${theme}-${name}`);
    await page.page.locator('.rail-button').last().click();
    await page.page.locator('select[name=language]').selectOption(language);
    await page.page.locator('select[name=theme]').selectOption(theme);
    await page.page.locator('dialog li').nth(2).waitFor();
    await shoot('settings');
    await closed();
    await button(contacts).click();
    for (const department of ['研发部 R&D', '产品部 Product', '销售部 Sales']) {
      const head = page.page.locator('.folder-head', { hasText: department });
      if ((await head.getAttribute('aria-expanded')) === 'false') await head.click();
    }
    await page.page.locator(`[data-user="${ids.chenjing}"]`).waitFor();
    await shoot('contacts');
    await button(chats).click();
    await page.openChat('Ben Carter');
    await page.message('by noon').waitFor();
    await page.file('October.pdf').waitFor();
    await page.page.locator('.message img').waitFor();
    await shoot('chat');
    await page.openChat('项目周会 Weekly');
    await page.message('收到').waitFor();
    await page.page.locator('.chat-title').click();
    await page.page.locator('dialog .member').nth(3).waitFor();
    await shoot('group');
    await closed();
  });

  it('on a phone', async () => {
    const shoot = (name: string) => screenshots.take(page.page, `${language}-light-phone-${name}`);
    await page.page.locator('.rail-button').last().click();
    await page.page.locator('select[name=theme]').selectOption('light');
    await closed();
    await page.page.setViewportSize({ width: 390, height: 844 });
    await button(back).click();
    await shoot('chats');
    await page.openChat('Ben Carter');
    await page.message('by noon').waitFor();
    await shoot('chat');
    await page.page.setViewportSize({ width: 1280, height: 800 });
  });
});

it('the page had no problem', async () => {
  expect(await page.harm()).toEqual(noHarm);
});
