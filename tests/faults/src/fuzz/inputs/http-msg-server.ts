import type { Random } from '../../chaos/schedules/random.js';
import { HttpMaker, type HttpRequest } from '../making/http-maker.js';
import type { StreamInput } from '../making/input.js';
import type { JsonSchema } from '../making/json-maker.js';
import { hostileText, type Known } from '../making/values.js';
import { type ApiDocument, ApiRequests } from './api-requests.js';

export interface Keys {
  /** of an app that may do everything, which is asked for users of its own only */
  admin: string;
  /** of an app that acts as one user */
  bound: string;
  /** the path of a hook, with its token */
  hook: string;
}

const id: JsonSchema = { type: 'integer' };
const text: JsonSchema = { type: 'string' };
const ids: JsonSchema = { type: 'array', items: id };

function object(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

const message = { from_user_id: id, session_id: id, msg: text };

/** Bodies of the legacy API. */
const legacy: Record<string, JsonSchema> = {
  '/query/SendP2PMessage': object({ ...message, msg_type: { enum: [1, 3, 17] } }),
  '/query/SendSingleMessage': object(message),
  '/query/SendGroupMessage': object(message),
  '/query/SendBroadCastMessage': object({ from_user_id: id, session_ids: ids, msg: text, msg_type: id }),
  '/query/CreateGroup': object({
    req_user_id: id,
    group_name: text,
    group_type: { enum: [1, 2] },
    group_avatar: text,
    user_id_list: ids,
  }),
  '/query/ChangeMembers': object({
    req_user_id: id,
    group_id: id,
    modify_type: { enum: [1, 2] },
    user_id_list: ids,
  }),
};

const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const shown = object({ type: { enum: ['mrkdwn', 'text', 'link', 'user', 'button'] }, text, url: text });

/** The body of a post to a hook. */
const post = object({
  text,
  channel: { enum: ['', '@puppet 1', '#a group', 'user:1', 'group:4294967295'] },
  attachments: list(
    object({ title: text, text, fallback: text, fields: list(object({ title: text, value: text })) }),
  ),
  blocks: list(
    object({
      type: { enum: ['section', 'header', 'context', 'image', 'actions', 'rich_text'] },
      text: shown,
      fields: list(shown),
      elements: list(object({ ...shown.properties, elements: list(shown) })),
    }),
  ),
});

/** Operations that create something permanent are sent less often. */
const keeps = /^post .*(users|departments|groups|discovery\w*|broadcasts|bots|hooks)$|CreateGroup|BroadCast/i;

/** Requests to the legacy API, to a hook and to every operation of the OpenAPI document. */
export class HttpApiInputs {
  readonly #random: Random;
  readonly #http: HttpMaker;
  readonly #requests: ApiRequests;
  readonly #keys: Keys;

  constructor(random: Random, known: Known, document: ApiDocument, keys: Keys) {
    this.#random = random;
    this.#http = new HttpMaker(random, { service: 'http_msg_server', port: 'http' });
    this.#requests = new ApiRequests(random, known, document);
    this.#keys = keys;
  }

  makeStream(): StreamInput {
    return this.#http.makeStream(() => this.#request());
  }

  #request(): HttpRequest {
    const random = this.#random;
    const draw = random.next();
    if (draw < 0.05) return { method: 'GET', path: this.#oddPath(), headers: this.#auth(), body: undefined };
    if (draw < 0.1) return this.#hook();
    const request = draw < 0.4 ? this.#legacy() : this.#v1();
    // Asked again otherwise, most of the time.
    return keeps.test(`${request.method.toLowerCase()} ${request.path}`) && random.chance(0.95)
      ? this.#request()
      : request;
  }

  #legacy(): HttpRequest {
    const random = this.#random;
    const [path, schema] = random.pick(Object.entries(legacy));
    const key = random.chance(0.8) ? `?app_key=${this.#key()}` : '';
    return { method: 'POST', path: `${path}${key}`, headers: {}, body: this.#requests.body(schema) };
  }

  #hook(): HttpRequest {
    const random = this.#random;
    const token = encodeURIComponent(hostileText(random).slice(0, 100));
    const body = this.#requests.body(post);
    const asForm = random.chance(0.3);
    return {
      method: random.chance(0.03) ? random.pick(['GET', 'PUT', 'OPTIONS']) : 'POST',
      path: random.chance(0.9) ? this.#keys.hook : `/hooks/${token}`,
      headers: {},
      body: asForm ? Buffer.concat([Buffer.from('payload='), body]) : body,
    };
  }

  #v1(): HttpRequest {
    const request = this.#requests.make();
    return { ...request, headers: { ...this.#auth(), ...request.headers } };
  }

  #key(): string {
    const random = this.#random;
    const { admin, bound } = this.#keys;
    const draw = random.next();
    if (draw < 0.55) return admin;
    if (draw < 0.85) return bound;
    return encodeURIComponent(hostileText(random).slice(0, 200));
  }

  #auth(): Record<string, string> {
    const random = this.#random;
    if (random.chance(0.05)) return {};
    if (random.chance(0.05))
      return { Authorization: random.pick(['Basic eDp5', 'Bearer', 'Bearer  ', 'bearer x y']) };
    return { Authorization: `Bearer ${this.#key()}` };
  }

  #oddPath(): string {
    return this.#random.pick([
      '/',
      '//',
      '/v1',
      '/v1/',
      '/v1/%2e%2e/query',
      '/v1/users/%00',
      '/v1/users/%',
      '/query/',
      '/api/discovery',
      '/api/discovery/../discovery?%00',
      '/query/SendP2PMessage/../x',
      '*',
      'http://other/v1/users',
      '/v1/openapi.json',
      `/v1/users?limit=${'9'.repeat(100)}`,
    ]);
  }
}
