import { randomUUID } from 'node:crypto';
import { type Bus, topics } from '@teamtalk/bus';
import { MsgType } from '@teamtalk/protocol';
import { SecretKeys } from '@teamtalk/service-kit';
import { credentialValues, describeCredential, isCredentialName } from './credentials/stored-credential.js';
import { phrasesFor } from './notification/phrases.js';
import type { ProviderSet } from './provider-set.js';

export interface ConsoleRequestsOptions {
  providers: Pick<ProviderSet, 'get'>;
  /** provider of Android tokens without a prefix */
  androidProvider: string;
  /** empty: credentials cannot be encrypted */
  credentialKeys: string;
}

/** Milliseconds for which a provider keeps a test push for a phone that is off. */
const testLifeMs = 5 * 60_000;

const noKey = 'PUSH_CREDENTIALS_KEY is not set at push_server';

/** Answers what the console asks one of the push_servers: test pushes, and the encryption of new credentials. */
export function answerConsole(bus: Bus, options: ConsoleRequestsOptions): void {
  const { providers, androidProvider, credentialKeys } = options;
  const keys = credentialKeys === '' ? undefined : new SecretKeys(credentialKeys);
  const queue = { queue: 'push_server' };

  bus.answer(
    topics.pushTest,
    async ({ provider: asked, app, token, locale, userId, badge }) => {
      const name = asked === 'android' ? androidProvider : asked;
      const provider = providers.get(name);
      const { app: title, test: body } = phrasesFor(locale);
      const outcome = await provider?.send({
        id: randomUUID(),
        token,
        app,
        collapseId: 'test',
        expiresAt: Date.now() + testLifeMs,
        alert: { title, body },
        badge,
        data: { msg_type: MsgType.SINGLE_TEXT, from_id: userId },
      });
      const kind = outcome?.kind ?? 'no-provider';
      if (!outcome) return { outcome: kind };
      return { outcome: kind, reason: outcome.kind === 'accepted' ? outcome.id : outcome.reason };
    },
    queue,
  );

  bus.answer(
    topics.pushCredential,
    async ({ provider, secret, options: parts }) => {
      if (!keys) return { problem: noKey };
      if (!isCredentialName(provider)) return { problem: 'the provider is unknown', keyId: keys.firstId };
      try {
        const { credential, description } = await describeCredential(
          provider,
          credentialValues(secret, parts ?? {}),
        );
        const { keyId, bytes } = keys.seal(provider, JSON.stringify(credential));
        return { description, keyId, sealed: bytes };
      } catch (error) {
        return { problem: error instanceof Error ? error.message : String(error), keyId: keys.firstId };
      }
    },
    queue,
  );

  bus.answer(
    topics.resealPushCredentials,
    async ({ credentials }) => {
      if (!keys) return { problem: noKey };
      try {
        const sealed = credentials.map(({ provider, sealed: before }) => {
          const name = provider ?? '';
          return keys.seal(name, keys.open(name, Buffer.from(before ?? []))).bytes;
        });
        return { keyId: keys.firstId, sealed };
      } catch (error) {
        return { problem: error instanceof Error ? error.message : String(error), keyId: keys.firstId };
      }
    },
    queue,
  );
}
