import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import type { z } from 'zod';
import type { Operation } from './operation.js';
import { problemSchema } from './problem.js';

const description = `What internal systems can do with a TeamTalk installation.

A call needs an app (\`npx teamtalk app create NAME --allow …\`): its key goes into the header \`Authorization:
Bearer KEY\`. The roles in \`security\` are permissions of apps; one of them suffices. Errors are problem details (RFC 9457). Unknown fields are refused. A call that is
repeated with its \`Idempotency-Key\` takes effect once and gets the same response.`;

const problem = (text: string) => ({
  description: text,
  content: { 'application/problem+json': { schema: problemSchema } },
});

/** The OpenAPI 3.1 document of the operations, generated from the schemas that validate calls. */
export function openApiDocument(operations: readonly Operation[]): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'app', { type: 'http', scheme: 'bearer' });
  for (const operation of operations) {
    const { method, path, id, tag, summary, params, query, body, status, reply } = operation;
    const { permission, administration } = operation;
    const admin = administration ? `, and is held to the rights of its user; or \`${administration}\`` : '';
    const more = operation.description ? `${operation.description}\n\n` : '';
    registry.registerPath({
      method,
      path,
      operationId: id,
      tags: [tag],
      summary,
      description: `${more}The app must be allowed \`${permission}\`${admin}.`,
      security: [{ app: [permission] }, ...(administration ? [{ app: [administration] }] : [])],
      request: {
        ...(params && { params: params as unknown as z.ZodObject }),
        ...(query && { query: query as unknown as z.ZodObject }),
        ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
      },
      responses: {
        [status]: {
          description: reply ? 'Done' : 'Done; no content',
          ...(reply && { content: { 'application/json': { schema: reply } } }),
        },
        400: problem('The request is invalid'),
        401: problem('No app has this key'),
        403: problem('The app may not do this'),
        default: problem('Anything else'),
      },
    });
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'TeamTalk HTTP API', version: '1', description },
    servers: [{ url: '/' }],
  });
}
