import type { Random } from '../../chaos/schedules/random.js';
import { HttpMaker, type HttpRequest } from '../making/http-maker.js';
import type { StreamInput } from '../making/input.js';
import { JsonMaker, type JsonSchema } from '../making/json-maker.js';
import { bytesOf, hostileText, type Known } from '../making/values.js';

/** An OpenAPI document, as far as it is needed. */
export interface ApiDocument {
  paths: Record<string, Record<string, ApiOperation>>;
  components?: { schemas?: Record<string, JsonSchema> };
}

interface ApiOperation {
  parameters?: { name: string; in: 'path' | 'query' | 'header'; schema?: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

export interface Keys {
  /** of an app that may do everything, which is asked for users of its own only */
  admin: string;
  /** of an app that acts as one user */
  bound: string;
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

/** Operations that leave something behind for ever are rarer. */
const keeps = /^post .*(users|departments|groups|discovery\w*|broadcasts)$|CreateGroup|BroadCast/i;

interface Operation {
  method: string;
  path: string;
  definition: ApiOperation;
}

/** Requests to the legacy API and to each operation of the OpenAPI document. */
export class HttpApiInputs {
  readonly #random: Random;
  readonly #http: HttpMaker;
  readonly #json: JsonMaker;
  readonly #keys: Keys;
  readonly #operations: Operation[];

  constructor(random: Random, known: Known, document: ApiDocument, keys: Keys) {
    this.#random = random;
    this.#http = new HttpMaker(random, { service: 'http_msg_server', port: 'http' });
    this.#json = new JsonMaker(random, known, document.components?.schemas ?? {});
    this.#keys = keys;
    this.#operations = Object.entries(document.paths).flatMap(([path, methods]) => {
      return Object.entries(methods).map(([method, definition]) => ({ method, path, definition }));
    });
  }

  makeStream(): StreamInput {
    return this.#http.makeStream(() => this.#request());
  }

  #request(): HttpRequest {
    const random = this.#random;
    const draw = random.next();
    if (draw < 0.05) return { method: 'GET', path: this.#oddPath(), headers: this.#auth(), body: undefined };
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
    return { method: 'POST', path: `${path}${key}`, headers: {}, body: this.#body(schema) };
  }

  #v1(): HttpRequest {
    const random = this.#random;
    const { method, path, definition } = random.pick(this.#operations);
    let url = path;
    const query: string[] = [];
    for (const { name, in: where, schema } of definition.parameters ?? []) {
      const value = encodeURIComponent(String(this.#json.make(schema ?? {}, name, 0.15)));
      if (where === 'path') url = url.replace(`{${name}}`, value);
      else if (where === 'query' && random.chance(0.6)) query.push(`${name}=${value}`);
    }
    if (random.chance(0.05)) query.push(`${encodeURIComponent(hostileText(random))}=%ff%00`);
    const schema = definition.requestBody?.content['application/json']?.schema;
    const suffix = query.length > 0 ? `?${query.join('&')}` : '';
    const type: Record<string, string> = schema ? { 'Content-Type': 'application/json' } : {};
    return {
      method: random.chance(0.03) ? random.pick(['PUT', 'HEAD', 'OPTIONS', 'DELETE']) : method.toUpperCase(),
      path: `${url}${suffix}`,
      headers: { ...this.#auth(), ...type },
      body: schema && this.#body(schema),
    };
  }

  #body(schema: JsonSchema): Buffer {
    const random = this.#random;
    const json = JSON.stringify(this.#json.make(schema, 'body', random.pick([0, 0.05, 0.3])));
    const draw = random.next();
    if (draw < 0.03) return Buffer.from(json.slice(0, random.between(0, json.length)));
    if (draw < 0.05) return Buffer.from(`${'['.repeat(random.pick([10, 5_000, 50_000]))}`);
    if (draw < 0.07) return Buffer.concat([Buffer.from(json.slice(0, -1)), bytesOf(random, 20)]);
    if (draw < 0.09) return Buffer.from(json.replace('{', '{"from_user_id":1,"from_user_id":2,'));
    if (draw < 0.1) return Buffer.from(json.replace(/\d+/g, `${'9'.repeat(400)}`));
    if (draw < 0.103) return Buffer.from(JSON.stringify({ msg: 'x'.repeat(100_000) }));
    return Buffer.from(json);
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
      '/query/SendP2PMessage/../x',
      '*',
      'http://other/v1/users',
      '/v1/openapi.json',
      `/v1/users?limit=${'9'.repeat(100)}`,
    ]);
  }
}
