import { openApiDocument } from '@teamtalk/administration';
import type { z } from 'zod';
import type { Operation } from './operation.js';

const description = `What internal systems can do with a TeamTalk installation.

A call needs an app (\`npx teamtalk app create NAME --allow …\`): its key goes into the header \`Authorization:
Bearer KEY\`. The roles in \`security\` are permissions of apps; one of them suffices. Errors are problem details (RFC 9457). Unknown fields are refused. A call that is
repeated with its \`Idempotency-Key\` takes effect once and gets the same response.`;

/** The OpenAPI 3.1 document of /v1. */
export function v1Document(operations: readonly Operation[]): object {
  const documented = operations.map((operation) => {
    const { permission, administration, params, query, body } = operation;
    const admin = administration ? `, and is held to the rights of its user; or \`${administration}\`` : '';
    const more = operation.description ? `${operation.description}\n\n` : '';
    return {
      ...operation,
      params: params as z.ZodType | undefined,
      query: query as z.ZodType | undefined,
      body: body as z.ZodType | undefined,
      description: `${more}The app must be allowed \`${permission}\`${admin}.`,
      security: [{ app: [permission] }, ...(administration ? [{ app: [administration] }] : [])],
    };
  });
  return openApiDocument(documented, {
    title: 'TeamTalk HTTP API',
    description,
    securitySchemes: { app: { type: 'http', scheme: 'bearer' } },
    refusals: {
      400: 'The request is invalid',
      401: 'No app has this key',
      403: 'The app may not do this',
    },
  });
}
