import type { Conversation } from '@teamtalk/load-generator';
import type { Ledger } from '../record/ledger.js';
import { SimulatedClient, textOf } from './simulated-client.js';

export interface PusherOptions {
  ledger: Ledger;
  userId: number;
  conversations: readonly Conversation[];
  /** base URL of the load balancer in front of the http_msg_servers */
  url: string;
  paceMs: number;
}

const attemptMs = 3_000;
const giveUpMs = 15_000;
const retryMs = 100;

/** An internal system that pushes by HTTP, and repeats a request under its Idempotency-Key until it succeeds. */
export class HttpPusher extends SimulatedClient {
  readonly name = 'robot';
  readonly #options: PusherOptions;
  #turn = 0;
  #closed = false;

  constructor(options: PusherOptions) {
    super(options.ledger, options.userId, 'HTTP');
    this.#options = options;
  }

  start(): void {
    this.run(2, this.#options.paceMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  protected async sendOne(): Promise<void> {
    const { conversations, userId } = this.#options;
    const conversation = conversations[this.#turn++ % conversations.length]!;
    const sent = this.ledger.begin(conversation, userId);
    const body = JSON.stringify({
      from_user_id: userId,
      session_id: conversation.sessionIdOf(userId),
      msg: textOf(sent),
      msg_type: 1,
    });
    while (!this.#closed && performance.now() - sent.sentAt < giveUpMs) {
      if (await this.#post(body, `chaos-${sent.serial}`)) {
        this.acked(sent, 0, false);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  async #post(body: string, key: string): Promise<boolean> {
    try {
      const response = await fetch(`${this.#options.url}/query/SendP2PMessage`, {
        method: 'POST',
        headers: { 'Idempotency-Key': key, connection: 'close' },
        body,
        signal: AbortSignal.timeout(attemptMs),
      });
      return ((await response.json()) as { error_code: number }).error_code === 0;
    } catch {
      return false;
    }
  }
}
