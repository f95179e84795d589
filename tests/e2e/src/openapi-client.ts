import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface OperationObject {
  operationId: string;
  security: { app: string[] }[];
  requestBody?: { content: { 'application/json': { schema: object } } };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, OperationObject>>;
}

export interface CallOptions {
  path?: Readonly<Record<string, string | number>>;
  query?: Readonly<Record<string, string | number>>;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** in place of the client's own; empty: none */
  key?: string;
}

export interface CallReply {
  status: number;
  headers: Headers;
  // Its shape is what the document says, which was checked.
  body: Record<string, unknown>;
}

/**
 * A client that knows an API by its OpenAPI document alone. What it sends and what it gets is checked against
 * the document's schemas.
 */
export class OpenApiClient {
  readonly #base: string;
  readonly #key: string;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #operations = new Map<string, { path: string; method: string; operation: OperationObject }>();

  static async load(base: string, key: string): Promise<OpenApiClient> {
    const document = (await (await fetch(`${base}/v1/openapi.json`)).json()) as Document;
    return new OpenApiClient(base, key, document);
  }

  private constructor(base: string, key: string, document: Document) {
    this.#base = base;
    this.#key = key;
    this.#ajv.addSchema({ $id: 'document', ...document });
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        this.#operations.set(operation.operationId, { path, method, operation });
      }
    }
  }

  get operations(): string[] {
    return [...this.#operations.keys()];
  }

  /** The permissions of which an app needs one, as the document says. */
  rolesOf(id: string): string[] {
    return this.#operations.get(id)?.operation.security.flatMap(({ app }) => app) ?? [];
  }

  /** @throws Error when the request or the answer is not what the document says */
  async call(
    id: string,
    { path = {}, query = {}, body, headers = {}, key = this.#key }: CallOptions = {},
  ): Promise<CallReply> {
    const found = this.#operations.get(id);
    if (!found) throw new Error(`the document has no operation ${id}`);
    const { method, operation } = found;
    const taken = operation.requestBody?.content['application/json'].schema;
    if (taken) this.#check(taken, body, `the body of ${id}`);
    const url = new URL(
      found.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(path[name])),
      this.#base,
    );
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const response = await fetch(url, {
      method: method.toUpperCase(),
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        'content-type': 'application/json',
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const described = operation.responses[response.status] ?? operation.responses.default;
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const schema = described?.content?.[type]?.schema;
    const reply = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    if (schema) this.#check(schema, reply, `the answer of ${id}`);
    else if (text !== '')
      throw new Error(`${id} answers ${response.status} ${type}, which is not documented`);
    return { status: response.status, headers: response.headers, body: reply };
  }

  #check(schema: object, value: unknown, what: string): void {
    const validate: ValidateFunction = this.#ajv.compile(
      JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')),
    );
    if (!validate(value)) throw new Error(`${what}: ${this.#ajv.errorsText(validate.errors)}`);
  }
}
