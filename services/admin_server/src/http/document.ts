import type { openApiDocument } from '@teamtalk/administration';
import type { Access, Definition } from '../api/definition.js';

const description = `What the pages of the console can do: people with sessions, not systems with keys (/v1 of http_msg_server).

The session is in an HttpOnly cookie that \`logIn\` and \`setUp\` set. Every call other than GET needs the header
\`x-teamtalk-console\` and an Origin that is the console's. The role in \`security\` is a permission that the account's role
has to have. Errors are problem details (RFC 9457). Unknown fields are refused.`;

const needs: Readonly<Record<string, string>> = {
  public: 'Anybody may call it.',
  session: 'Whoever is logged in may call it.',
};

/** The arguments of `openApiDocument` for these operations. */
export function documentOf(api: Readonly<Record<string, Definition>>): Parameters<typeof openApiDocument> {
  const operations = Object.entries(api).map(([id, definition]) => {
    const more = definition.description ? `${definition.description}\n\n` : '';
    return {
      ...definition,
      id,
      description: more + (needs[definition.access] ?? `The role must have \`${definition.access}\`.`),
      security: securityOf(definition.access),
    };
  });
  return [
    operations,
    {
      title: 'TeamTalk console',
      description,
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: '__Host-teamtalk-console' } },
      refusals: {
        400: 'The request is invalid',
        401: 'Nobody is logged in',
        403: 'The account may not do this',
      },
    },
  ];
}

function securityOf(access: Access): Record<string, string[]>[] {
  if (access === 'public') return [];
  return [{ session: access === 'session' ? [] : [access] }];
}
