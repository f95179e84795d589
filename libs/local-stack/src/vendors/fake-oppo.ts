import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  FakeVendor,
  isWithin,
  Refusal,
  stringsOf,
  type VendorAnswer,
  type VendorMessage,
} from './fake-vendor.js';

export interface FakeOppoOptions {
  appKey: string;
  masterSecret: string;
  /** current time, unix milliseconds */
  now?: () => number;
}

interface OppoMessage {
  target_type: number;
  target_value: string;
  notification: {
    app_message_id: string;
    style: number;
    title: string;
    content: string;
    click_action_type: number;
    action_parameters: string;
    notify_id: number;
    off_line: boolean;
    off_line_ttl: number;
    channel_id?: string;
    category?: string;
  };
}

const form = 'application/x-www-form-urlencoded';
const tokenSeconds = 86_400;

function refuse(code: number, message: string): never {
  throw new Refusal(message, { body: { code, message } });
}

/** OPPO Push, as documented. */
export class FakeOppo extends FakeVendor {
  readonly #options: FakeOppoOptions;
  readonly #seen = new Set<string>();

  static start(options: FakeOppoOptions): Promise<FakeOppo> {
    return new FakeOppo(options).listen();
  }

  private constructor(options: FakeOppoOptions) {
    super(options.now);
    this.#options = options;
  }

  protected isGrant(url: string): boolean {
    return url === '/server/v1/auth';
  }

  protected grant({ headers }: IncomingMessage, body: string): VendorAnswer {
    const { appKey, masterSecret } = this.#options;
    if (headers['content-type'] !== form) refuse(40, 'content type');
    const given = new URLSearchParams(body);
    const timestamp = given.get('timestamp') ?? '';
    if (given.get('app_key') !== appKey) refuse(14, 'Invalid App Key');
    if (!(Math.abs(Number(timestamp) - this.now()) <= 600_000)) refuse(19, 'Invalid Timestamp');
    const sign = createHash('sha256').update(`${appKey}${timestamp}${masterSecret}`).digest('hex');
    if (given.get('sign') !== sign) refuse(16, 'Invalid Signature');
    return {
      body: { code: 0, message: '', data: { auth_token: this.issue('op'), create_time: this.now() } },
    };
  }

  protected acceptance(messageId: string): VendorAnswer {
    return { body: { code: 0, message: 'Success', data: { messageId } } };
  }

  protected check({ url, headers }: IncomingMessage, body: string): VendorMessage {
    if (url !== '/server/v1/message/notification/unicast') refuse(20, 'Invalid Method');
    if (headers['content-type'] !== form) refuse(40, 'content type');
    const given = new URLSearchParams(body);
    if (!this.holds(given.get('auth_token') ?? '', tokenSeconds)) refuse(11, 'Invalid AuthToken');
    const {
      target_type: type,
      target_value: token,
      notification,
    } = JSON.parse(given.get('message') ?? '{}') as OppoMessage;
    if (type !== 2) refuse(41, 'target_type');
    const { title, content, style, click_action_type: action, channel_id: channel, category } = notification;
    if (style !== 1 || action !== 0) refuse(41, 'style');
    if (title.trim() === '' || title.length > 50) refuse(41, 'title');
    if (content.trim() === '' || content.length > 200) refuse(41, 'content');
    if (!isWithin(notification.off_line_ttl, 1, 864_000)) refuse(41, 'off_line_ttl');
    if (!isWithin(notification.notify_id, 1, 2 ** 31 - 1)) refuse(41, 'notify_id');
    if (notification.action_parameters.length > 4_096) refuse(41, 'action_parameters');
    if (category !== undefined && !channel) refuse(67, 'Category error');
    const data = stringsOf(notification.action_parameters, (what) => refuse(41, what));
    if (!this.phones.has(token)) refuse(10000, 'invalid registration_id');
    // A repeated message is accepted but not shown again.
    const id = `${token} ${notification.app_message_id}`;
    const seen = this.#seen.has(id);
    this.#seen.add(id);
    const known = this.banners.get(`${token} ${data.tag}`);
    return { token, data, banner: seen && known ? known : { title, body: content, data } };
  }
}
