import { type ApiReply, type ApiRequest, api, consoleHeader, type OperationId } from '@teamtalk/admin_server';
import { inviteToConsole, openDataSource } from '@teamtalk/db_proxy_server';

/** Calls /admin/v1 as a logged-in owner, over persistent connections. */
export class ConsoleCaller {
  readonly #url: string;
  #cookie = '';

  /** @param address host:port of an admin_server */
  static async enter(address: string, databaseUrl: string): Promise<ConsoleCaller> {
    const caller = new ConsoleCaller(`http://${address}`);
    const dataSource = await openDataSource(databaseUrl);
    try {
      const account = { name: `bench ${process.pid} ${performance.now()}`, role: 'owner' };
      const { token } = await inviteToConsole(dataSource, account);
      await caller.call('setUp', { body: { token, password: 'correct horse battery staple' } });
    } finally {
      await dataSource.destroy();
    }
    return caller;
  }

  private constructor(url: string) {
    this.#url = url;
  }

  /** @throws Error when the server answers anything but a success */
  async call<Id extends OperationId>(id: Id, request: ApiRequest<Id>): Promise<ApiReply<Id>> {
    const { params, query, body } = request as Record<string, Record<string, unknown> | undefined>;
    const { method, path } = api[id];
    const where = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params?.[name]));
    const asked = new URLSearchParams(
      Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const response = await fetch(`${this.#url}${where}?${asked}`, {
      method: method.toUpperCase(),
      headers: {
        cookie: this.#cookie,
        origin: this.#url,
        [consoleHeader]: '1',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${id}: ${response.status} ${text}`);
    const [cookie] = response.headers.getSetCookie();
    if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? '';
    return (text === '' ? undefined : JSON.parse(text)) as ApiReply<Id>;
  }
}
