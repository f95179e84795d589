import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestNats, testNats } from '@teamtalk/local-stack';
import type { Service } from '@teamtalk/service-kit';
import { loadConfig } from '../config.js';
import { startMsfs } from '../service.js';

export interface UploadAnswer {
  error_code: number;
  error_msg: string;
  path: string;
  url: string;
}

/** An msfs on a folder of its own, and the actions of a client. */
export class TestServer {
  readonly service: Service;
  readonly folder: string;
  readonly nats: TestNats;

  static async start(env: Record<string, string> = {}): Promise<TestServer> {
    const nats = await testNats();
    const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-msfs-'));
    const config = loadConfig({
      LOG_LEVEL: 'silent',
      NATS_URL: nats.url,
      NATS_PREFIX: nats.prefix,
      OPS_PORT: '0',
      HTTP_PORT: '0',
      STORAGE_DIR: folder,
      MSFS_UPLOAD_AUTH: 'open',
      ...env,
    });
    return new TestServer(await startMsfs(config), folder, nats);
  }

  private constructor(service: Service, folder: string, nats: TestNats) {
    this.service = service;
    this.folder = folder;
    this.nats = nats;
  }

  get url(): string {
    return `http://127.0.0.1:${this.service.ports.http}`;
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await rm(this.folder, { recursive: true });
  }

  post(
    content: Uint8Array,
    name = 'head.jpeg',
    field = 'filename',
    init: RequestInit = {},
  ): Promise<Response> {
    const form = new FormData();
    form.set(field, new Blob([new Uint8Array(content)]), name);
    return fetch(this.url, { method: 'POST', body: form, ...init });
  }

  async upload(content: Uint8Array, name?: string): Promise<UploadAnswer> {
    return (await (await this.post(content, name)).json()) as UploadAnswer;
  }

  get(imagePath: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
    return fetch(`${this.url}/${imagePath}`, { method, headers });
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.service.ports.ops}/metrics`)).text();
  }

  /** Every file in the storage folder, temporary ones included, as paths. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.folder, path.join(entry.parentPath, entry.name)));
  }

  /** A raw connection that sends given bytes. */
  raw(): { socket: Socket; closed: Promise<string> } {
    const socket = connect(this.service.ports.http!, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    // The server may close the connection while data is being sent.
    socket.on('error', () => {});
    const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
    return { socket, closed };
  }
}
