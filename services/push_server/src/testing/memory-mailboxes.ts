import { type pushApi, pushes } from '@teamtalk/rpc';

type Message = pushApi.push.MailboxMessage.$Properties & { hex: string; topic: string; endsAt: number };

/** Keeps phones' mailboxes in memory, in place of db_proxy_server. */
export class MemoryMailboxes {
  up = true;
  /** expired mailboxes, which no phone has read for a month, in hexadecimal */
  readonly gone = new Set<string>();
  messages: Message[] = [];
  reads = 0;
  #held: Promise<void> = Promise.resolve();
  #id = 0;

  /** Holds all responses until the returned function is called. */
  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  /** Replaces `call` of a pool of db_proxy_servers. */
  readonly call = async (method: unknown, request: unknown): Promise<never> => {
    if (method === pushes.readMailboxes) this.reads++;
    await this.#held;
    if (!this.up) throw new Error('no store');
    return (
      method === pushes.keepMessage ? this.#keep(request as never) : this.#read(request as never)
    ) as never;
  };
  readonly callOnce = this.call;

  #keep({ mailbox, topic, body, ttl }: pushApi.push.KeepMessageRequest) {
    const hex = Buffer.from(mailbox).toString('hex');
    if (this.gone.has(hex)) return { gone: true };
    const kept = { id: ++this.#id, keptAt: Date.now() };
    this.messages = this.messages.filter((each) => each.hex !== hex || topic === '' || each.topic !== topic);
    this.messages.push({ ...kept, mailbox, body, hex, topic, endsAt: Date.now() + ttl * 1_000 });
    return kept;
  }

  #read({ mailboxes }: pushApi.push.ReadMailboxesRequest.$Properties) {
    const since = new Map(
      (mailboxes ?? []).map((each) => [Buffer.from(each.mailbox ?? []).toString('hex'), each.since ?? 0]),
    );
    const messages = this.messages.filter(
      ({ hex, keptAt, endsAt }) =>
        (keptAt ?? 0) > (since.get(hex) ?? Number.POSITIVE_INFINITY) && endsAt > Date.now(),
    );
    return { messages, more: false };
  }
}
