import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson, FakeHttps } from '../fake-https.js';

/** What a fake does with the next message instead of checking it. */
export type VendorMisbehaviour =
  | { status: number; body?: object; retryAfter?: string }
  /** closes the connection without a response */
  | 'break'
  /** never responds */
  | 'silence'
  /** an HTML error page, as from a proxy in front of the vendor */
  | 'no-json';

/** A notification as a phone shows it. */
export interface VendorBanner {
  title: string;
  body: string;
  /** payload passed to the app */
  data: Record<string, string>;
}

/** A valid message. */
export interface VendorMessage {
  token: string;
  /** undefined: a data message, which only the app sees */
  banner?: VendorBanner | undefined;
  data: Record<string, string>;
  /** the badge number it sets; undefined: unchanged */
  badge?: number | undefined;
}

export interface VendorAnswer {
  status?: number;
  body: object;
}

/** Why a vendor refuses a request; also recorded in `refusals`. */
export class Refusal extends Error {
  readonly answer: VendorAnswer;

  constructor(reason: string, answer: VendorAnswer) {
    super(reason);
    this.answer = answer;
  }
}

/** A phone vendor's push service and its phones, on which the app removes withdrawn notifications and sets the badge. */
export abstract class FakeVendor extends FakeHttps {
  /** notifications shown, by device token and tag */
  readonly banners = new Map<string, VendorBanner>();
  /** by device token */
  readonly badges = new Map<string, number>();
  readonly misbehaviours: VendorMisbehaviour[] = [];
  /** reasons of all refusals so far */
  readonly refusals: string[] = [];
  /** valid device tokens */
  readonly phones = new Set<string>();
  /** issued access tokens and their time of issue, unix milliseconds */
  readonly issued = new Map<string, number>();
  accepted = 0;
  protected readonly now: () => number;

  protected constructor(now: () => number = Date.now) {
    super();
    this.now = now;
  }

  /** Revokes all access tokens. */
  revoke(): void {
    for (const token of this.issued.keys()) this.issued.set(token, Number.NEGATIVE_INFINITY);
  }

  /** Whether the request asks for an access token. */
  protected abstract isGrant(url: string): boolean;
  /** Responds to a request for an access token. @throws Refusal */
  protected abstract grant(request: IncomingMessage, body: string): VendorAnswer;
  /** @throws Refusal when the message is invalid */
  protected abstract check(request: IncomingMessage, body: string): VendorMessage;
  protected abstract acceptance(id: string): VendorAnswer;

  /** @returns a new access token */
  protected issue(prefix: string): string {
    const token = `${prefix}${this.issued.size}/+=`;
    this.issued.set(token, this.now());
    return token;
  }

  /** Whether an access token is valid. */
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

/** Parses a JSON object whose values are all strings. @throws Refusal */
export function stringsOf(json: unknown, refuse: (what: string) => never): Record<string, string> {
  const parsed: unknown = typeof json === 'string' ? JSON.parse(json) : json;
  const values = typeof parsed === 'object' && parsed !== null ? Object.values(parsed) : [undefined];
  if (values.some((value) => typeof value !== 'string')) refuse('data');
  return parsed as Record<string, string>;
}

/** Whether the value is an integer from `least` to `most`. */
export const isWithin = (value: unknown, least: number, most: number) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
