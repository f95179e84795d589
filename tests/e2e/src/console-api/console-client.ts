import { api, consoleHeader, type OperationId } from '@teamtalk/admin_server';

export interface Asked {
  params?: Record<string, string | number>;
  query?: Record<string, string>;
  body?: object;
  /** replace the headers that the console's pages send */
  headers?: Record<string, string>;
}

export interface Answered {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests access the fields that they expect
  body: any;
  headers: Headers;
}

/** A browser that uses the console; it keeps the cookie. */
export class ConsoleClient {
  /** the Cookie header; empty: none */
  cookie = '';
  /** the origin of its page */
  origin: string;
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
    this.origin = url;
  }

  async call(id: OperationId, { params = {}, query = {}, body, headers }: Asked = {}): Promise<Answered> {
    const { method, path } = api[id];
    const where = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params[name]));
    const asked = new URLSearchParams(query);
    const response = await fetch(`${this.#url}${where}${asked.size > 0 ? `?${asked}` : ''}`, {
      method: method.toUpperCase(),
      headers: {
        ...(this.cookie && { cookie: this.cookie }),
        ...(headers ?? { origin: this.origin, [consoleHeader]: '1' }),
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
    });
    const [cookie] = response.headers.getSetCookie();
    if (cookie !== undefined) this.cookie = cookie.split(';')[0]?.replace(/^[^=]+=$/, '') ?? '';
    const text = await response.text();
    return { status: response.status, body: text && JSON.parse(text), headers: response.headers };
  }

  /** @throws Error when the request is refused */
  async done(id: OperationId, asked?: Asked): Promise<Answered['body']> {
    const { status, body } = await this.call(id, asked);
    if (status >= 300) throw new Error(`${id}: ${status} ${JSON.stringify(body)}`);
    return body;
  }
}
