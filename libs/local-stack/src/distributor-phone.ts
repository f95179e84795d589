import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { PushSubscriber, type WebPushText } from './push-subscriber.js';

/** Milliseconds before reconnecting. */
const pauseMs = 100;

/**
 * A phone without internet access: a UnifiedPush distributor that behaves like ntfy's app, and our app behind it. It keeps
 * one connection open, to each push_server in turn, and resumes after the last message it received.
 */
export class DistributorPhone {
  /** mailbox name as ntfy's app generates it: `up` and 12 random characters */
  readonly name = `up${randomBytes(9).toString('base64url').replaceAll(/[-_]/g, 'x')}`;
  /** the subscription that the app registers with the installation */
  readonly subscription: string;
  /** notifications the phone shows, by tag */
  readonly banners = new Map<string, WebPushText>();
  /** ids of all messages received */
  readonly ids = new Set<string>();
  connected = false;
  readonly #app = new PushSubscriber();
  readonly #urls: () => readonly string[];
  #last: string | undefined;
  #request: ClientRequest | undefined;
  #wanted = false;
  #running: Promise<void> = Promise.resolve();

  /**
   * @param origin public origin of the push service
   * @param urls addresses of its replicas
   */
  constructor(origin: string, urls: () => readonly string[]) {
    this.subscription = this.#app.subscription(`${origin}/${this.name}?up=1`);
    this.#urls = urls;
  }

  connect(): void {
    this.#wanted = true;
    this.#running = this.#run();
  }

  async disconnect(): Promise<void> {
    this.#wanted = false;
    this.#request?.destroy();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let turn = 0; this.#wanted; turn++) {
      const urls = this.#urls();
      const url = urls[turn % urls.length];
      if (url) await this.#read(`${url}/${this.name}/json?since=${this.#last ?? 'all'}`).catch(() => {});
      this.connected = false;
      if (this.#wanted) await delay(pauseMs);
    }
  }

  async #read(url: string): Promise<void> {
    const request = get(url, { agent: false });
    this.#request = request;
    request.on('error', () => {});
    const [connection] = (await once(request, 'response')) as [IncomingMessage];
    let rest = '';
    connection.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
    connection.on('error', () => {});
    await once(connection, 'close');
  }

  #take(line: string): void {
    const { event, id, topic, message, encoding } = JSON.parse(line) as Record<string, string>;
    if (event === 'open') this.connected = true;
    if (event !== 'message' || topic !== this.name || encoding !== 'base64' || id === undefined) return;
    this.#last = id;
    if (this.ids.has(id)) return;
    this.ids.add(id);
    const text = this.#app.read(Buffer.from(message ?? '', 'base64'));
    if (text.withdrawn) this.banners.delete(text.tag);
    else if (text.body !== undefined) this.banners.set(text.tag, text);
  }
}
