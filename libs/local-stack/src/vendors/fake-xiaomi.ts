import type { IncomingMessage } from 'node:http';
import {
  FakeVendor,
  isWithin,
  Refusal,
  stringsOf,
  type VendorAnswer,
  type VendorMessage,
} from './fake-vendor.js';

export interface FakeXiaomiOptions {
  appSecret: string;
  packageName: string;
  /** current time, unix milliseconds */
  now?: () => number;
}

/** Xiaomi Push (MiPush), version 3, as documented. */
export class FakeXiaomi extends FakeVendor {
  readonly #options: FakeXiaomiOptions;

  static start(options: FakeXiaomiOptions): Promise<FakeXiaomi> {
    return new FakeXiaomi(options).listen();
  }

  private constructor(options: FakeXiaomiOptions) {
    super(options.now);
    this.#options = options;
  }

  protected isGrant(): boolean {
    return false;
  }

  protected grant(): VendorAnswer {
    return { body: {} };
  }

  protected acceptance(id: string): VendorAnswer {
    return { body: { result: 'ok', trace_id: id, code: 0, data: { id }, info: 'Received push messages' } };
  }

  protected check({ url, headers }: IncomingMessage, body: string): VendorMessage {
    const { appSecret, packageName } = this.#options;
    const refuse = (code: number, reason: string): never => {
      throw new Refusal(reason, { body: { result: 'error', code, reason, description: '发送消息失败' } });
    };
    if (url !== '/v3/message/regid') refuse(10012, 'url');
    if (!/^application\/x-www-form-urlencoded/.test(headers['content-type'] ?? '')) refuse(10008, 'type');
    if (headers.authorization !== `key=${appSecret}`) refuse(21301, 'secret');
    const form = new URLSearchParams(body);
    const has = (name: string) => form.get(name) ?? '';
    const restricted = has('restricted_package_name');
    if (restricted !== '' && restricted !== packageName) refuse(22022, 'package');
    if (!isWithin(Number(has('time_to_live')), 1, 14 * 86_400_000)) refuse(10017, 'time_to_live');
    if (has('payload').length > 4_096) refuse(65009, 'payload');
    const data = stringsOf(has('payload'), (what) => refuse(10017, what));
    const tokens = has('registration_id').split(',');
    if (tokens.length > 1) refuse(10017, 'several devices');
    const [token = ''] = tokens;
    if (!this.phones.has(token)) refuse(20301, 'No valid targets!');
    if (has('pass_through') === '1') return { token, data };
    const [title, text] = [has('title'), has('description')];
    if (title.trim() === '' || title.length >= 50) refuse(10017, 'title');
    if (text.trim() === '' || text.length >= 128) refuse(10017, 'description');
    if (!isWithin(Number(has('notify_id')), 0, 2 ** 31 - 1)) refuse(10017, 'notify_id');
    if (has('notify_type') !== '-1' || has('extra.notify_effect') !== '1') refuse(10017, 'notify');
    // The app also receives the data of the notification.
    return { token, data, banner: { title, body: text, data }, badge: Number(data.badge) };
  }
}
