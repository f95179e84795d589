import type { Random } from '../../chaos/schedules/random.js';
import type { HttpRequest } from '../making/http-maker.js';
import { JsonMaker, type JsonSchema } from '../making/json-maker.js';
import { bytesOf, hostileText, type Known } from '../making/values.js';

/** The parts of an OpenAPI document that requests are made from. */
export interface ApiDocument {
  paths: Record<string, Record<string, ApiOperation>>;
  components?: { schemas?: Record<string, JsonSchema> };
}

interface ApiOperation {
  parameters?: { name: string; in: 'path' | 'query' | 'header'; schema?: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

interface Operation {
  method: string;
  path: string;
  definition: ApiOperation;
}

/** Requests to the operations of an OpenAPI document, without credentials. */
export class ApiRequests {
  readonly #random: Random;
  readonly #json: JsonMaker;
  readonly #operations: Operation[];

  constructor(random: Random, known: Known, document: ApiDocument) {
    this.#random = random;
    this.#json = new JsonMaker(random, known, document.components?.schemas ?? {});
    this.#operations = Object.entries(document.paths).flatMap(([path, methods]) => {
      return Object.entries(methods).map(([method, definition]) => ({ method, path, definition }));
    });
  }

  /** A request to a random operation. */
  make(): HttpRequest {
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
    return {
      method: random.chance(0.03) ? random.pick(['PUT', 'HEAD', 'OPTIONS', 'DELETE']) : method.toUpperCase(),
      path: `${url}${suffix}`,
      headers: schema ? { 'Content-Type': 'application/json' } : {},
      body: schema && this.body(schema),
    };
  }

  /** A body for a schema; some are not JSON. */
  body(schema: JsonSchema): Buffer {
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
}
