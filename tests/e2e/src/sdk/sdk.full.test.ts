import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as workspaceSdk from '@teamtalk/client';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { tlsEnv, waitUntil } from '@teamtalk/local-stack';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from '../chromium.js';
import { GeneratedFile, HashingSink } from '../generated-file.js';
import { InstalledSdk } from './installed-sdk.js';
import { bundleForBrowser, PageServer } from './page-server.js';
import { scenarios } from './suite.js';

const suiteFile = fileURLToPath(new URL('suite.ts', import.meta.url));
const names = Object.keys(scenarios);
const readme = readFileSync(new URL('../../../../libs/client/README.md', import.meta.url), 'utf8');
type Options = workspaceSdk.ClientOptions;

let cluster: TestCluster;
let ids: Record<'ann' | 'ben' | 'bot' | 'alice', number>;
let ca: string;
beforeAll(async () => {
  // The second msg_server uses TLS, and the file_server plain TCP.
  const envFor = (service: string, k: number) => {
    if (service === 'file_server') return { ...tlsEnv, TLS_PORTS: 'client' };
    return service === 'msg_server' && k === 1 ? tlsEnv : {};
  };
  cluster = await TestCluster.start({
    msg_server: 2,
    msfs: 1,
    file_server: 1,
    env: { MESSAGE_RATE: '0' },
    envFor,
  });
  ids = await cluster.addUsers(['ann', 'ben', 'bot', 'alice']);
  ca = await readFile(tlsEnv.TLS_CERT_FILE, 'utf8');
});
afterAll(() => cluster?.stop());

const fileServerUrl = () => `ws://{host}:${cluster.port('file_server', 0, 'ws')}/`;
const tcp = (): Options => ({
  host: '127.0.0.1',
  port: cluster.port('msg_server', 0, 'client'),
  fileServerUrl: fileServerUrl(),
});
const tls = (): Options => ({
  host: '127.0.0.1',
  port: cluster.port('msg_server', 1, 'client'),
  tls: { ca },
});
const webSocket = (): Options => ({
  url: `ws://127.0.0.1:${cluster.port('msg_server', 0, 'ws')}/`,
  fileServerUrl: fileServerUrl(),
});
const secureWebSocket = (): Options => ({
  url: `wss://localhost:${cluster.port('msg_server', 1, 'ws')}/`,
  tls: { ca },
});

const common = () => ({ msfs: `${cluster.url('msfs')}/`, ids, password: testPassword });

describe.each([
  ['TCP', tcp],
  ['TLS', tls],
  ['WebSocket', webSocket],
  ['WebSocket with TLS', secureWebSocket],
])('the SDK in Node, by %s', (_, options) => {
  it.each(names)('%s', async (name) => {
    await scenarios[name]!({ sdk: workspaceSdk, options: options(), sessions: 1, ...common() });
  });
});

it('transfers files over TLS', async () => {
  const [ann, ben] = ['ann', 'ben'].map(() => new workspaceSdk.TeamTalkClient(tls()));
  await ann!.login({ name: 'ann', password: testPassword });
  await ben!.login({ name: 'ben', password: testPassword });
  const file = new GeneratedFile('sealed.bin', 300_000);
  await workspaceSdk.sendFile(ann!, ids.ben, file, { offline: true });
  const [offer] = await workspaceSdk.offlineFiles(ben!);
  const sink = new HashingSink();
  await workspaceSdk.receiveFile(ben!, offer!, sink);
  expect(sink.sha256).toBe(file.sha256());
  await Promise.all([ann!.close(), ben!.close()]);
});

describe('the SDK and an untrusted certificate', () => {
  it.each([
    ['TLS', () => ({ ...tls(), tls: true })],
    ['WebSocket', () => ({ ...secureWebSocket(), tls: undefined })],
    ['another name', () => ({ ...tls(), tls: { ca, serverName: 'chat.example.com' } })],
  ])('does not log in: %s', async (_, options) => {
    const client = new workspaceSdk.TeamTalkClient(options());
    await expect(client.login({ name: 'ann', password: testPassword })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/self-signed|Hostname/),
    });
    await client.close();
  });
});

describe('the package', () => {
  let installed: InstalledSdk;
  let browser: BrowserContext;
  let pages: PageServer;
  beforeAll(async () => {
    installed = await InstalledSdk.create();
    browser = await openChromium();
    pages = await PageServer.start();
  });
  afterAll(async () => {
    await browser?.close();
    pages?.stop();
    await installed?.remove();
  });

  it('contains the bundles, types and documents, and nothing else of the workspace', async () => {
    const files = await installed.files();
    const elsewhere = files.filter((file) => !/^(dist|types)\//.test(file)).sort();
    expect(elsewhere).toEqual([
      'LICENSE',
      'README.md',
      'REFERENCE.md',
      'THIRD-PARTY-LICENSES.txt',
      'package.json',
    ]);
    expect(
      files.filter((file) => /test|tsbuildinfo|\.map$|\.ts$/.test(file) && !/\.d\.ts$/.test(file)),
    ).toEqual([]);
    for (const file of files) {
      if (file.endsWith('.md')) continue;
      expect(await installed.read(file), file).not.toMatch(/workspace:|@teamtalk\/protocol/);
    }
    expect(Object.keys(JSON.parse(await installed.read('package.json')))).not.toContain('dependencies');
    for (const name of ['protobufjs', 'ws']) {
      expect(await installed.read('THIRD-PARTY-LICENSES.txt')).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
    expect(await installed.read('dist/browser.js')).not.toMatch(/from ["']|require\(|["']node:/);
  });

  /** Writes an example from the README with this test's addresses and passwords. */
  async function example(name: string): Promise<string> {
    const block = readme.split('```ts\n').find((each) => each.startsWith(`// ${name}\n`));
    if (block === undefined) throw new Error(`the README has no example ${name}`);
    const [code = ''] = block.split('\n```');
    const port = cluster.port('msg_server', 1, 'client');
    const here = code
      .replace("host: 'chat.example.com', port: 8000, tls: true", () => {
        return `host: '127.0.0.1', port: ${port}, tls: { ca: ${JSON.stringify(ca)} }`;
      })
      .replace('wss://chat.example.com:9090/', `ws://127.0.0.1:${cluster.port('msg_server', 0, 'ws')}/`)
      .replace('{ user: 2 }', `{ user: ${ids.ben} }`)
      .replace("'secret'", `'${testPassword}'`);
    expect(here).not.toMatch(/example\.com|secret/);
    return installed.write(name, here);
  }

  const run = (file: string) =>
    spawn(process.execPath, [file.replace(/\.ts$/, '.js')], {
      cwd: installed.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  it('compiles and runs the example of a bot, which answers', async () => {
    const file = await example('echo-bot.ts');
    await installed.compile('echo-bot.ts', 'node');
    const bot = run(file);
    try {
      const ann = await cluster.connect('ann');
      await untilOnline(ann, ids.bot);
      await ann.send({ user: ids.bot }, 'hello');
      expect((await ann.nextMessage()).text).toBe('You said: hello');
      await ann.close();
    } finally {
      bot.kill();
      await once(bot, 'close');
    }
  });

  it('sends a notification once', async () => {
    const file = await example('notify.ts');
    await installed.compile('notify.ts', 'node');
    const ben = await cluster.connect('ben');
    const outputs: string[] = [];
    for (let i = 0; i < 2; i++) {
      const program = run(file);
      const [output, [status]] = await Promise.all([textOf(program.stdout), once(program, 'close')]);
      expect(status).toBe(0);
      outputs.push(output);
    }
    expect(outputs[0]).toMatch(/^message \d+ is stored\n$/);
    expect(outputs[1]).toBe(outputs[0]);
    const history = await ben.history({ user: ids.bot });
    expect(history.map(({ text }) => text)).toEqual(['Build 4711 is done']);
    await ben.close();
  });

  it('sends messages that an outbox has stored on disk', async () => {
    const file = await example('outbox.ts');
    await installed.compile('outbox.ts', 'node');
    const ben = await cluster.connect('ben');
    const program = run(file);
    try {
      expect((await ben.nextMessage()).text).toBe('stored on disk, and sent when the server is there');
      const isRemoved = async () => {
        const lines = await readFile(path.join(installed.folder, 'outbox.jsonl'), 'utf8');
        return /\{"key":"[0-9a-f]+"\}\n$/.test(lines);
      };
      await waitUntil(isRemoved, { what: 'the message removed from the file' });
    } finally {
      program.kill();
      await once(program, 'close');
      await ben.close();
    }
  });

  it('shows incoming messages in a page', async () => {
    const file = await example('page.ts');
    await installed.compile('page.ts', 'dom');
    const page = await browser.newPage();
    await page.goto(pages.add('example', await bundleForBrowser(file)));
    const ann = await cluster.connect('ann');
    await untilOnline(ann, ids.alice);
    await ann.send({ user: ids.alice }, '<b>你好</b>');
    await page.locator('#messages li', { hasText: `${ids.ann}: <b>你好</b>` }).waitFor();
    await page.close();
    await ann.close();
  });

  describe('in Chromium', () => {
    let page: Page;
    beforeAll(async () => {
      const entry = await installed.write(
        'suite-page.ts',
        `import * as sdk from '@teamtalk/client';
         import { scenarios } from ${JSON.stringify(suiteFile)};
         globalThis.runScenario = (name, environment) => scenarios[name]({ sdk, ...environment });`,
      );
      page = await browser.newPage();
      await page.goto(pages.add('suite', await bundleForBrowser(entry)));
    });

    it.each(names)('%s', async (name) => {
      await page.evaluate(
        ([scenario, environment]) => {
          const { runScenario } = globalThis as unknown as {
            runScenario: (name: string, environment: unknown) => Promise<void>;
          };
          return runScenario(scenario, environment);
        },
        [name, { options: webSocket(), sessions: 5, ...common() }] as const,
      );
    });
  });
});

async function untilOnline(client: workspaceSdk.TeamTalkClient, userId: number): Promise<void> {
  const isOnline = async () => (await client.usersStatus([userId]))[0]?.status === 1;
  await waitUntil(isOnline, { what: `user ${userId} online` });
}
