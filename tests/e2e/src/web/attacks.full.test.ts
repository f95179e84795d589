import { blobSource, sendFile, type TeamTalkClient } from '@teamtalk/client';
import { createGroup } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { imageText } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

/** Each increments `__attacked` if it runs. */
const attacks = [
  '<script>window.__attacked++</script>',
  '<img src=x onerror="window.__attacked++">',
  '<svg onload=window.__attacked++>',
  '"><img src=x onerror=window.__attacked++>',
  "'><svg/onload=window.__attacked++>",
  '<iframe srcdoc="<script>parent.__attacked++</script>"></iframe>',
  '<a href="javascript:window.__attacked++">click</a>',
  'javascript:window.__attacked++',
  'https://example.com/"onmouseover="window.__attacked++',
  '<math><mtext></mtext><mglyph><style><img src=x onerror=window.__attacked++></style>',
  '{{constructor.constructor("window.__attacked++")()}}',
  '<body onload=window.__attacked++>',
  '<details open ontoggle=window.__attacked++>',
  '\u202e<img src=x onerror=window.__attacked++>',
  '<style>*{display:none}</style>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">',
];
const texts = [
  ...attacks,
  // A link parser of quadratic time would need minutes.
  `http://${'.'.repeat(200_000)}a`,
];
const urls = [
  'javascript:window.__attacked++',
  'data:text/html,<script>parent.__attacked++</script>',
  'https://evil.example/tracker.png',
  '"onerror="window.__attacked++',
  'http://127.0.0.1:1/" onerror="window.__attacked++',
];

let web: WebInstallation;
let ids: Record<'ann' | 'ben', number>;
let ann: WebClientPage;
let ben: TeamTalkClient;
beforeAll(async () => {
  web = await WebInstallation.start();
  ids = await web.cluster.addUsers(['ann', 'ben']);
  ben = await web.cluster.connect('ben');
}, 120_000);
afterAll(() => web?.stop());

it('no text of another user becomes markup or a script, and no other host is contacted', async () => {
  const hosts = new Set<string>();
  await web.cluster.sql('UPDATE im_user SET nick_name = $1 WHERE id = $2', [attacks[1], ids.ben]);
  // Registered before the first request: whether the page is still loading afterwards depends on the machine.
  web.browsers[0].on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http')) hosts.add(url.host);
  });
  ann = await WebClientPage.open(web.browsers[0], web.url);
  await ann.enter('ann');
  await ben.settings.setSignature(attacks[2]!);
  // The second is not a valid URL, not even as a relative one.
  for (const avatar of ['javascript:window.__attacked++', 'ws://']) await ben.settings.setAvatar(avatar);
  for (const text of texts) await ben.send({ user: ids.ann }, text);
  for (const url of urls) await ben.send({ user: ids.ann }, imageText(url));
  const group = await createGroup(ben, [ids.ann], attacks[2]!.slice(0, 50));
  for (const name of attacks) {
    await sendFile(ben, ids.ann, blobSource(new Blob(['x']), name), { offline: true });
  }
  await ben.send({ group }, attacks[1]!);

  await ann.page.locator('.row', { hasText: attacks[1]! }).first().waitFor();
  await ann.page.locator(`.row[data-session="u${ids.ben}"]`).click();
  await ann.loaded();
  const shown = await ann.readAll(async () => {
    expect(
      await ann.page.locator('.timeline img, .timeline script, .timeline iframe, .timeline style').count(),
    ).toBe(0);
    const hrefs = await ann.page
      .locator('a')
      .evaluateAll((links) => links.map((link) => (link as unknown as { href: string }).href));
    for (const href of hrefs) expect(href).toMatch(/^https?:/);
  });
  expect(shown).toHaveLength(texts.length + urls.length);
  expect(shown.slice(0, texts.length).map(({ text }) => text)).toEqual(texts);
  await waitUntil(async () => (await ann.page.locator('.file').count()) === attacks.length, {
    what: 'all files',
    timeoutMs: 30_000,
  });
  expect(await ann.page.locator('.file-name').allTextContents()).toContain(attacks[1]!);
  expect(await ann.page.locator('.files img, .files script, .files iframe, .files style').count()).toBe(0);
  await ann.page.locator('.chat-title').click();
  await ann.page.locator('dialog .facts', { hasText: attacks[2]! }).waitFor();
  await ann.page.keyboard.press('Escape');
  await ann.page.locator(`.row[data-session="g${group}"]`).click();
  await ann.message(attacks[1]!).waitFor();
  expect(await ann.harm()).toEqual(noHarm);
  expect([...hosts]).toEqual([new URL(web.url).host]);
});

it('the first load is at most 200 KB', async () => {
  const browser = web.browsers[1];
  const page = await browser.newPage();
  let bytes = 0;
  page.on('response', (response) => {
    void response
      .request()
      .sizes()
      .then(({ responseBodySize }) => {
        bytes += responseBodySize;
      });
  });
  await page.goto(web.url, { waitUntil: 'networkidle' });
  await page.locator('.login').waitFor();
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(200_000);
  await page.close();
});
