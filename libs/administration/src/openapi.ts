import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import type { z } from 'zod';
import { problemSchema } from './problem.js';

/** An operation as the document describes it. */
export interface Documented {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** its parameters are in braces */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  /** alternatives, any of which suffices: the name of a security scheme and the scopes it has to grant */
  readonly security: readonly Record<string, string[]>[];
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  /** HTTP status of a successful call */
  readonly status: number;
  readonly reply?: z.ZodType | undefined;
}

export interface DocumentedApi {
  readonly title: string;
  readonly description: string;
  readonly securitySchemes: Readonly<Record<string, object>>;
  /** descriptions of refusals, by HTTP status */
  readonly refusals: Readonly<Record<number, string>>;
}

const problem = (text: string) => ({
  description: text,
  content: { 'application/problem+json': { schema: problemSchema } },
});

/** The OpenAPI 3.1 document of the operations, generated from the schemas that validate calls. */
export function openApiDocument(
  operations: readonly Documented[],
  { title, description, securitySchemes, refusals }: DocumentedApi,
): object {
  const registry = new OpenAPIRegistry();
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    registry.registerComponent('securitySchemes', name, scheme as { type: 'http' });
  }
  const refused = Object.fromEntries(
    Object.entries(refusals).map(([status, text]) => [status, problem(text)]),
  );
  for (const operation of operations) {
    const { params, query, body, status, reply } = operation;
    registry.registerPath({
      method: operation.method,
      path: operation.path,
      operationId: operation.id,
      tags: [operation.tag],
      summary: operation.summary,
      description: operation.description,
      security: [...operation.security],
      request: {
        ...(params && { params: params as z.ZodObject }),
        ...(query && { query: query as z.ZodObject }),
        ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
      },
      responses: {
        [status]: {
          description: reply ? 'Done' : 'Done; no content',
          ...(reply && { content: { 'application/json': { schema: reply } } }),
        },
        ...refused,
        default: problem('Any other error'),
      },
    });
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title, version: '1', description },
    servers: [{ url: '/' }],
  });
}
