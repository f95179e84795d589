import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { testNats } from '@teamtalk/local-stack';
import type { Service } from '@teamtalk/service-kit';
import { loadConfig } from '../config.js';
import { startWebServer } from '../service.js';

/** A page like the build's, with a script large enough to be compressed. */
export const page =
  '<!doctype html><title>TeamTalk</title><script type="module" src="/assets/a-1.js"></script>';
export const script = `console.log(${JSON.stringify('TeamTalk '.repeat(200))});\n`;

/** A web_server with a test page. */
export class TestServer {
  readonly service: Service;
  readonly #folder: string;

  static async start(env: Record<string, string> = {}): Promise<TestServer> {
    const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-page-'));
    await mkdir(path.join(folder, 'assets'));
    await writeFile(path.join(folder, 'index.html'), page);
    await writeFile(path.join(folder, 'sw.js'), script);
    const file = path.join(folder, 'assets/a-1.js');
    await writeFile(file, script);
    await writeFile(`${file}.br`, brotliCompressSync(script));
    await writeFile(`${file}.gz`, gzipSync(script));
    const { url, prefix } = await testNats();
    const config = loadConfig({
      LOG_LEVEL: 'silent',
      NATS_URL: url,
      NATS_PREFIX: prefix,
      OPS_PORT: '0',
      HTTP_PORT: '0',
      ...env,
    });
    return new TestServer(await startWebServer({ ...config, pageFolder: folder }), folder);
  }

  private constructor(service: Service, folder: string) {
    this.service = service;
    this.#folder = folder;
  }

  get url(): string {
    return `http://127.0.0.1:${this.service.ports.http}`;
  }

  get(pathname: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${pathname}`, init);
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.service.ports.ops}/metrics`)).text();
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await rm(this.#folder, { recursive: true });
  }
}
