import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson, FakeHttps } from '../fake-https.js';

/** What a fake does with the next message in place of checking it. */
export type VendorMisbehaviour =
  | { status: number; body?: object; retryAfter?: string }
  /** ends the connection without an answer */
  | 'break'
  /** never answers */
  | 'silence'
  /** what a proxy in front of it may say */
  | 'no-json';

/** What a phone shows. */
export interface VendorBanner {
  title: string;
  body: string;
  /** what the app gets */
  data: Record<string, string>;
}

/** A message that the vendor takes. */
export interface VendorMessage {
  token: string;
  /** undefined: only the app sees it */
  banner?: VendorBanner | undefined;
  data: Record<string, string>;
  /** that the banner sets; undefined: none */
  badge?: number | undefined;
}

export interface VendorAnswer {
  status?: number;
  body: object;
}

/** Why a vendor refuses a message; it is also in `refusals`. */
export class Refusal extends Error {
  readonly answer: VendorAnswer;

  constructor(reason: string, answer: VendorAnswer) {
    super(reason);
    this.answer = answer;
  }
}

/** The push service of a maker of phones, with its phones, on which an app removes what is withdrawn and sets the badge. */
export abstract class FakeVendor extends FakeHttps {
  /** by token and tag */
  readonly banners = new Map<string, VendorBanner>();
  /** by token */
  readonly badges = new Map<string, number>();
  readonly misbehaviours: VendorMisbehaviour[] = [];
  /** reasons it has given */
  readonly refusals: string[] = [];
  /** tokens of phones that are there */
  readonly phones = new Set<string>();
  /** tokens for requests that it has issued, with the time of each, unix milliseconds */
  readonly issued = new Map<string, number>();
  accepted = 0;
  protected readonly now: () => number;

  protected constructor(now: () => number = Date.now) {
    super();
    this.now = now;
  }

  /** Revokes all tokens for requests. */
  revoke(): void {
    for (const token of this.issued.keys()) this.issued.set(token, Number.NEGATIVE_INFINITY);
  }

  /** Whether a request is for a token. */
  protected abstract isGrant(url: string): boolean;
  /** Answers a request for a token. @throws Refusal */
  protected abstract grant(request: IncomingMessage, body: string): VendorAnswer;
  /** @throws Refusal when something is wrong with a message */
  protected abstract check(request: IncomingMessage, body: string): VendorMessage;
  protected abstract acceptance(id: string): VendorAnswer;

  /** @returns a new token for requests */
  protected issue(prefix: string): string {
    const token = `${prefix}${this.issued.size}/+=`;
    this.issued.set(token, this.now());
    return token;
  }

  /** Whether a token for requests holds. */
  protected holds(token: string, seconds: number): boolean {
    return this.now() - (this.issued.get(token) ?? Number.NEGATIVE_INFINITY) < seconds * 1_000;
  }

  protected serve(request: IncomingMessage, bytes: Buffer, response: ServerResponse): void {
    const body = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (this.isGrant(request.url ?? '')) return void this.#reply(response, () => this.grant(request, body));
    const misbehaviour = this.misbehaviours.shift();
    if (misbehaviour === 'break') return void request.socket.destroy();
    if (misbehaviour === 'silence') return;
    if (misbehaviour === 'no-json') return void response.writeHead(502).end('<html>Bad Gateway</html>');
    if (misbehaviour) {
      const { status, body: json = {}, retryAfter } = misbehaviour;
      if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
      return void answerJson(response, status, json);
    }
    this.#reply(response, () => {
      this.#show(this.check(request, body));
      return this.acceptance(String(++this.accepted));
    });
  }

  #reply(response: ServerResponse, answer: () => VendorAnswer): void {
    try {
      const { status = 200, body } = answer();
      answerJson(response, status, body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refusals.push(error.message);
      answerJson(response, error.answer.status ?? 200, error.answer.body);
    }
  }

  #show({ token, banner, data, badge = banner ? undefined : Number(data.badge) }: VendorMessage): void {
    const name = `${token} ${data.tag}`;
    if (badge !== undefined) this.badges.set(token, badge);
    if (data.withdrawn === 'true') this.banners.delete(name);
    else if (banner) this.banners.set(name, banner);
  }
}

/** An object whose values are all texts, from JSON. @throws Refusal */
export function stringsOf(json: unknown, refuse: (what: string) => never): Record<string, string> {
  const parsed: unknown = typeof json === 'string' ? JSON.parse(json) : json;
  const values = typeof parsed === 'object' && parsed !== null ? Object.values(parsed) : [undefined];
  if (values.some((value) => typeof value !== 'string')) refuse('data');
  return parsed as Record<string, string>;
}

/** Whether it is a whole number from `least` to `most`. */
export const isWithin = (value: unknown, least: number, most: number) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
