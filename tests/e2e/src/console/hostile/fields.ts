/** A text that a write operation takes, by its path in the body, such as `/rows/*` for each row. */
export interface TextField {
  readonly operation: string;
  readonly path: string;
  readonly max: number;
  readonly isUrl: boolean;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly format?: string;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Of a text without a stated limit. */
const someMax = 256;

/** Every free text that an operation other than GET takes; not those of a fixed set, nor times. */
export function textFieldsOf({ paths, components }: OpenApi): TextField[] {
  const found: TextField[] = [];
  const walk = (operation: string, schema: Schema, path: string): void => {
    if (schema.$ref) {
      walk(operation, components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, path);
      return;
    }
    for (const each of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]) {
      walk(operation, each, path);
    }
    for (const [name, each] of Object.entries(schema.properties ?? {}))
      walk(operation, each, `${path}/${name}`);
    if (schema.items) walk(operation, schema.items, `${path}/*`);
    if (typeof schema.additionalProperties === 'object')
      walk(operation, schema.additionalProperties, `${path}/*`);
    if (schema.type !== 'string' && !schema.type?.includes('string')) return;
    if (schema.enum || schema.const !== undefined || schema.format === 'date-time') return;
    found.push({ operation, path, max: schema.maxLength ?? someMax, isUrl: schema.format === 'uri' });
  };
  for (const methods of Object.values(paths)) {
    for (const [method, { operationId, requestBody }] of Object.entries(methods)) {
      if (method === 'get') continue;
      for (const { schema } of Object.values(requestBody?.content ?? {})) walk(operationId, schema, '');
    }
  }
  return found;
}

/** The paths and values of all texts in a body. */
export function textsIn(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((each) => textsIn(each, `${path}/*`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => textsIn(each, `${path}/${name}`));
}
