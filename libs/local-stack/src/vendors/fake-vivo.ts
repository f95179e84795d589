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

export interface FakeVivoOptions {
  appId: string;
  appKey: string;
  appSecret: string;
  /** current time, unix milliseconds */
  now?: () => number;
}

interface VivoMessage {
  appId: string;
  regId: string;
  title: string;
  content: string;
  notifyType: number;
  skipType: number;
  timeToLive: number;
  classification: number;
  category: string;
  notifyId: number;
  requestId: string;
  clientCustomMap: Record<string, string>;
  pushMode: number;
}

const tokenSeconds = 86_400;

function refuse(result: number, desc: string): never {
  throw new Refusal(desc, { body: { result, desc } });
}

/** Length as vivo counts it: a Chinese character counts as two. */
const widthOf = (text: string) => [...text].reduce((sum, each) => sum + (each <= '\xff' ? 1 : 2), 0);

/** vivo Push, as far as it is publicly documented. */
export class FakeVivo extends FakeVendor {
  readonly #options: FakeVivoOptions;

  static start(options: FakeVivoOptions): Promise<FakeVivo> {
    return new FakeVivo(options).listen();
  }

  private constructor(options: FakeVivoOptions) {
    super(options.now);
    this.#options = options;
  }

  protected isGrant(url: string): boolean {
    return url === '/message/auth';
  }

  protected grant({ headers }: IncomingMessage, body: string): VendorAnswer {
    const { appId, appKey, appSecret } = this.#options;
    if (!/^application\/json/.test(headers['content-type'] ?? '')) refuse(10101, 'content type');
    const given = JSON.parse(body) as { appId: string; appKey: string; timestamp: number; sign: string };
    if (!(Math.abs(given.timestamp - this.now()) <= 600_000)) refuse(10201, 'timestamp');
    const sign = createHash('md5').update(`${appId}${appKey}${given.timestamp}${appSecret}`).digest('hex');
    if (given.appId !== appId || given.appKey !== appKey || given.sign !== sign) refuse(10202, 'sign');
    return { body: { result: 0, desc: '请求成功', authToken: this.issue('vi') } };
  }

  protected acceptance(taskId: string): VendorAnswer {
    return { body: { result: 0, desc: '请求成功', taskId } };
  }

  protected check({ url, headers }: IncomingMessage, body: string): VendorMessage {
    if (url !== '/message/send') refuse(10101, 'url');
    if (!/^application\/json/.test(headers['content-type'] ?? '')) refuse(10101, 'content type');
    if (!this.holds(String(headers.authtoken), tokenSeconds)) refuse(10000, '权限认证失败');
    const message = JSON.parse(body) as VivoMessage;
    const { regId: token, title, content } = message;
    if (message.appId !== this.#options.appId) refuse(10094, 'appId');
    if (title.trim() === '' || widthOf(title) > 40) refuse(10050, 'title');
    if (content.trim() === '' || widthOf(content) > 100) refuse(10051, 'content');
    if (!isWithin(message.timeToLive, 60, 604_800)) refuse(10052, 'timeToLive');
    if (!isWithin(message.notifyType, 1, 4) || message.skipType !== 1) refuse(10053, 'notifyType');
    if (message.classification !== 1 || message.category !== 'IM') refuse(10054, 'class');
    if (!isWithin(message.notifyId, 0, 2 ** 31 - 1)) refuse(10055, 'notifyId');
    if (!message.requestId || message.requestId.length > 64) refuse(10056, 'requestId');
    const data = stringsOf(message.clientCustomMap, (what) => refuse(10057, what));
    if (!this.phones.has(token)) refuse(10302, 'regId不合法');
    return { token, data, banner: { title, body: content, data } };
  }
}
