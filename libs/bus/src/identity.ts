import { type ConnectionOptions, credsAuthenticator } from '@nats-io/transport-node';
import type { BusConfig } from '@teamtalk/service-kit';

/** Credentials for the NATS server, and the CA that its certificate is checked against. */
export function identity({ user, password, credentials, tls }: BusConfig): Partial<ConnectionOptions> {
  return {
    ...(user && !credentials && { user, pass: password ?? '' }),
    ...(credentials && { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
    ...(tls && {
      tls: {
        caFile: tls.caFile,
        ...(tls.certFile && { certFile: tls.certFile }),
        ...(tls.keyFile && { keyFile: tls.keyFile }),
      },
    }),
  };
}

/** The user that the credentials are of; undefined: there are none, or they do not say. */
export function userOf({ user, credentials }: Pick<BusConfig, 'user' | 'credentials'>): string | undefined {
  if (!credentials) return user;
  const claims = /-----BEGIN NATS USER JWT-----\s+[\w-]+\.(?<claims>[\w-]+)\./.exec(credentials)?.groups
    ?.claims;
  if (!claims) return undefined;
  try {
    const { name } = Object(JSON.parse(Buffer.from(claims, 'base64url').toString())) as { name?: unknown };
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
