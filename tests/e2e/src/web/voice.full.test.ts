import { readFile } from 'node:fs/promises';
import { ClientType, MsgType, type TeamTalkClient } from '@teamtalk/client';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { oggOf, opusRecording } from './recordings.js';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

/** The tested properties of an `audio` element. */
interface Media {
  readyState: number;
  duration: number;
  error: { message: string } | null;
}

let web: WebInstallation;
let ids: Record<'ann' | 'cat', number>;
let ann: WebClientPage;
/** An old client. */
let cat: TeamTalkClient;

beforeAll(async () => {
  web = await WebInstallation.start();
  ids = await web.cluster.addUsers(['ann', 'cat']);
  cat = await web.cluster.connect('cat', { server: 1, clientType: ClientType.ANDROID });
  ann = await WebClientPage.open(web.browsers[0], web.url);
  await ann.enter('ann');
  await ann.openContact('cat');
}, 120_000);
afterAll(async () => {
  expect(await ann?.harm()).toEqual(noHarm);
  await web?.stop();
});

/** Sends a recording as phones do: its duration in seconds, then the data. */
async function say(seconds: number, recording: Buffer): Promise<void> {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(seconds);
  await cat.send({ user: ids.ann }, Buffer.concat([length, recording]), { type: MsgType.SINGLE_AUDIO });
}

it('plays a recording that the browser can decode', async () => {
  await say(2, opusRecording(2));
  await ann.row('cat').locator('.row-preview', { hasText: '[Voice message]' }).waitFor();
  await ann.page.getByRole('button', { name: 'Play: Voice message, 2 s' }).click();
  const state = () =>
    ann.page.locator('audio').evaluate((element) => {
      const { readyState, duration, error } = element as unknown as Media;
      return { isReady: readyState >= 2, duration: Math.round(duration), error: error?.message };
    });
  await waitUntil(async () => (await state()).isReady, { what: 'it is decoded' });
  expect(await state()).toEqual({ isReady: true, duration: 2, error: undefined });
});

it('offers to save a recording that the browser cannot decode', async () => {
  const speex = oggOf([Buffer.from('Speex   1.2'.padEnd(80, '\0')), Buffer.alloc(20, 7)]);
  await say(3, speex);
  const voice = ann.page.locator('.voice', { hasText: 'Voice message, 3 s' });
  await voice.getByText('This browser cannot play it.').waitFor();
  const download = ann.page.waitForEvent('download');
  await voice.getByRole('link', { name: 'Save' }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toBe('voice.spx');
  expect((await readFile(await saved.path())).equals(speex)).toBe(true);
});

it('detects a recording with a false signature when it is played', async () => {
  await say(4, Buffer.from(`RIFF....WAVE${'x'.repeat(200)}`));
  await ann.page.getByRole('button', { name: 'Play: Voice message, 4 s' }).click();
  await ann.page
    .locator('.voice', { hasText: 'Voice message, 4 s' })
    .getByText('This browser cannot play it.')
    .waitFor();
});
