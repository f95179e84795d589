import type { Random } from '../../chaos/schedules/random.js';
import { HttpMaker, type HttpRequest } from '../making/http-maker.js';
import type { StreamInput } from '../making/input.js';
import { hostileText, type Known } from '../making/values.js';
import { type ApiDocument, ApiRequests } from './api-requests.js';

/** Operations that create something permanent are sent less often. */
const keeps = /^POST .*(users|departments|groups|discovery|accounts)$/;
/** Operations that would end the sessions that all requests share. */
const ends = /^DELETE \/admin\/v1\/(session|own-sessions)/;

/** Requests to the console: every operation of its API, in every role and without a session, and its pages. */
export class AdminServerInputs {
  readonly #random: Random;
  readonly #http: HttpMaker;
  readonly #requests: ApiRequests;
  readonly #sessions: readonly string[];

  /** @param sessions session tokens, one for each role */
  constructor(random: Random, known: Known, document: ApiDocument, sessions: readonly string[]) {
    this.#random = random;
    this.#http = new HttpMaker(random, { service: 'admin_server', port: 'http' });
    this.#requests = new ApiRequests(random, known, document);
    this.#sessions = sessions;
  }

  makeStream(): StreamInput {
    return this.#http.makeStream(() => this.#request());
  }

  #request(): HttpRequest {
    const random = this.#random;
    if (random.chance(0.05)) {
      return { method: 'GET', path: this.#oddPath(), headers: this.#headers(), body: undefined };
    }
    const request = this.#requests.make();
    const line = `${request.method} ${request.path}`;
    if (ends.test(line) || (keeps.test(line) && random.chance(0.95))) return this.#request();
    return { ...request, headers: { ...this.#headers(), ...request.headers } };
  }

  /** Mostly the headers that the console's pages send; ApiRequests names the host `fuzz`. */
  #headers(): Record<string, string> {
    const random = this.#random;
    const headers: Record<string, string> = {};
    if (random.chance(0.95)) headers.Origin = random.chance(0.95) ? 'http://fuzz' : 'http://fuzz:99999';
    if (random.chance(0.95)) headers['x-teamtalk-console'] = '1';
    if (random.chance(0.95)) headers.Cookie = this.#cookie();
    return headers;
  }

  #cookie(): string {
    const random = this.#random;
    const session = `teamtalk-console=${random.pick(this.#sessions)}`;
    const draw = random.next();
    if (draw < 0.9) return session;
    if (draw < 0.93) return `a=b; ${session}; teamtalk-console=${'x'.repeat(43)}`;
    if (draw < 0.96) return `teamtalk-console=${'x'.repeat(43)}`;
    return `teamtalk-console=${encodeURIComponent(hostileText(random)).slice(0, 500)}`;
  }

  #oddPath(): string {
    return this.#random.pick([
      '/',
      '//',
      '/index.html',
      '/assets/../../../package.json',
      '/%2e%2e/%2e%2e/package.json',
      '/assets/%00',
      '/%',
      '/setup',
      '/admin',
      '/admin/v1',
      '/admin/v1/',
      '/admin/v1/users/%00',
      '/admin/v1/users/%',
      '/admin/v1/users/1/../2',
      '/ADMIN/V1/users',
      'http://other/admin/v1/users',
      '/admin/v1/openapi.json',
      `/admin/v1/users?limit=${'9'.repeat(100)}`,
      '*',
    ]);
  }
}
