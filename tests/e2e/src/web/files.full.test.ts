import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  BlobSink,
  blobSource,
  type FileOffer,
  offlineFiles,
  receiveFile,
  sendFile,
  type TeamTalkClient,
} from '@teamtalk/client';
import { FaultProxy, waitUntil } from '@teamtalk/local-stack';
import type { Download } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noHarm, WebClientPage } from './web-client-page.js';
import { WebInstallation } from './web-installation.js';

/** More than one part at the file_server. */
const largeBytes = 9 * 1024 * 1024 + 5;
const patiently = { timeout: 60_000 };

let web: WebInstallation;
/** The folder of the files to choose. */
let folder: string;
let ids: Record<'ann' | 'cat', number>;
/** The network between the page and the file_server. */
let network: FaultProxy;
let connections = 0;
let ann: WebClientPage;
/** An old client. */
let cat: TeamTalkClient;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-chosen-'));
  web = await WebInstallation.start();
  const { cluster } = web;
  ids = await cluster.addUsers(['ann', 'cat']);
  network = await FaultProxy.start(() => {
    connections++;
    return [{ host: '127.0.0.1', port: cluster.port('file_server', 0, 'ws') }];
  });
  await cluster.add('web_server', {
    WEB_SOCKET_URLS: `ws://127.0.0.1:${cluster.port('msg_server', 0, 'ws')}/`,
    FILE_SERVER_URL: `ws://127.0.0.1:${network.port}/{host}/{port}`,
    MSFS_URL: cluster.url('msfs'),
  });
  cat = await cluster.connect('cat', { server: 1 });
}, 120_000);
afterAll(async () => {
  await network?.close();
  await web?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  ann = await WebClientPage.open(web.browsers[0], web.cluster.url('web_server', 1));
  await ann.enter('ann');
});
afterEach(async () => {
  network.restore();
  expect(await ann.harm()).toEqual(noHarm);
  await ann.page.close();
});

/** Data in which all blocks differ. */
function contentOf(size: number): Buffer<ArrayBuffer> {
  const content = Buffer.alloc(size);
  for (let i = 0; i < size; i++) content[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff;
  return content;
}

const sourceOf = (content: Buffer<ArrayBuffer>, name: string) => blobSource(new Blob([content]), name);
const store = (content: Buffer<ArrayBuffer>, name: string) =>
  sendFile(cat, ids.ann, sourceOf(content, name), { offline: true });

async function bytesOf(download: Download): Promise<Buffer> {
  return readFile(await download.path());
}

/** Downloads a file from the panel. */
async function fetched(name: string, button = 'Download'): Promise<Download> {
  const download = ann.page.waitForEvent('download', patiently);
  await ann.file(name).getByRole('button', { name: button, exact: true }).click();
  return download;
}

/** Lets part of a large file through, then breaks the connection for a moment. */
async function breakOff(name: string): Promise<void> {
  network.slow({ delayMs: 20 });
  await waitUntil(
    async () => {
      const progress = ann.file(name).locator('progress');
      return (await progress.count()) === 1 && Number(await progress.getAttribute('value')) > 0;
    },
    { what: 'some of it is there', timeoutMs: 60_000 },
  );
  const before = connections;
  network.cut();
  network.restore();
  await waitUntil(() => connections > before, { what: 'another connection', timeoutMs: 30_000 });
}

describe('a file of an old client', () => {
  it('is listed if stored, and downloaded completely under its name without a path', async () => {
    const content = contentOf(300_001);
    await store(content, 'C:\\work\\报告 1.bin');
    await ann.row('cat').getByRole('img', { name: 'A file waits for you' }).waitFor();
    await ann.openChat('cat');
    const download = await fetched('报告 1.bin');
    expect(download.suggestedFilename()).toBe('报告 1.bin');
    expect((await bytesOf(download)).equals(content)).toBe(true);
    await ann.file('报告 1.bin').getByText('Downloaded.').waitFor();
    const phone = await web.cluster.connect('ann');
    const nothingWaits = async () => (await offlineFiles(phone)).length === 0;
    await waitUntil(nothingWaits, { what: 'it is off the list' });
    await store(content, 'unwanted.bin');
    await ann.page.getByRole('button', { name: 'Decline unwanted.bin' }).click();
    await waitUntil(nothingWaits, { what: 'the declined one is off the list' });
    await phone.close();
    await ann.page.getByRole('button', { name: 'Take 报告 1.bin off the list' }).click();
    await ann.file('报告 1.bin').waitFor({ state: 'detached' });
  });

  it('resumes where the connection broke', async () => {
    const content = contentOf(largeBytes);
    await store(content, 'large.bin');
    await ann.openChat('cat');
    const downloading = fetched('large.bin');
    await breakOff('large.bin');
    expect((await bytesOf(await downloading)).equals(content)).toBe(true);
  });

  it('can be stopped, and downloaded later', async () => {
    await store(contentOf(largeBytes), 'later.bin');
    await ann.openChat('cat');
    network.slow({ delayMs: 20 });
    await ann.file('later.bin').getByRole('button', { name: 'Download' }).click();
    await ann.file('later.bin').getByRole('button', { name: 'Cancel' }).click();
    await ann.file('later.bin').getByRole('button', { name: 'Download' }).waitFor();
    network.restore();
    expect((await bytesOf(await fetched('later.bin'))).length).toBe(largeBytes);
  });

  it('can be accepted while its sender waits, or declined', async () => {
    const content = contentOf(200_000);
    await ann.openContact('cat');
    const sending = sendFile(cat, ids.ann, sourceOf(content, 'now.bin'));
    await ann.page.getByText('cat has a file for you: now.bin').waitFor();
    expect((await bytesOf(await fetched('now.bin'))).equals(content)).toBe(true);
    expect(await sending).toMatchObject({ online: true });
    const unwanted = sendFile(cat, ids.ann, sourceOf(content, 'no.bin'));
    const refused = expect(unwanted).rejects.toMatchObject({ code: 'file-rejected' });
    await ann.page.getByRole('button', { name: 'Decline no.bin' }).click();
    await refused;
    await ann.file('no.bin').waitFor({ state: 'detached' });
  });
});

describe('a file from the page', () => {
  const offered = () => new Promise<FileOffer>((resolve) => cat.once('file', resolve));
  async function choose(name: string, content: Buffer): Promise<void> {
    const file = path.join(folder, name);
    await writeFile(file, content);
    await ann.page.setInputFiles('input[name=files]', file);
  }

  it('waits until an old client downloads it', async () => {
    const content = contentOf(300_001);
    await ann.openContact('cat');
    const offer = offered();
    await choose('图.pdf', content);
    await ann.file('图.pdf').getByText('Sent; it waits until it is fetched.').waitFor();
    expect(await offer).toMatchObject({ name: '图.pdf', size: content.length, online: false });
    const sink = new BlobSink();
    await receiveFile(cat, await offer, sink);
    expect(Buffer.from(await sink.blob.arrayBuffer()).equals(content)).toBe(true);
  });

  it('resumes where the connection broke', async () => {
    const content = contentOf(largeBytes);
    await ann.openContact('cat');
    const offer = offered();
    await choose('large.pdf', content);
    await breakOff('large.pdf');
    const sink = new BlobSink();
    await receiveFile(cat, await offer, sink);
    expect(Buffer.from(await sink.blob.arrayBuffer()).equals(content)).toBe(true);
  });

  it('can be cancelled without the receiver being notified', async () => {
    await ann.openContact('cat');
    network.slow({ delayMs: 20 });
    await choose('gone.pdf', contentOf(largeBytes));
    await ann.file('gone.pdf').getByRole('button', { name: 'Cancel' }).click();
    await ann.file('gone.pdf').waitFor({ state: 'detached' });
    expect((await offlineFiles(cat)).map(({ name }) => name)).not.toContain('gone.pdf');
  });

  it('can be dropped on a chat, but not on a group', async () => {
    await ann.openContact('cat');
    const offer = offered();
    await ann.page.evaluate(`(() => {
      const data = new DataTransfer();
      data.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
      document.querySelector('.chat').dispatchEvent(
        new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }),
      );
    })()`);
    expect(await offer).toMatchObject({ name: 'dropped.txt', size: 7 });
    const group = await cat.groups.create('Everybody', [ids.ann, ids.cat]);
    await cat.send({ group }, 'no files here');
    await ann.page.getByRole('button', { name: 'Chats' }).click();
    await ann.openChat('Everybody');
    expect(await ann.page.getByRole('button', { name: 'Send a file' }).count()).toBe(0);
  });
});
