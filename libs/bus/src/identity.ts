import { type ConnectionOptions, credsAuthenticator } from '@nats-io/transport-node';
import type { BusConfig } from '@teamtalk/service-kit';

/** Credentials for the NATS server, and the CA that its certificate is checked against. */
export function identity({ user, password, credentials, tls }: BusConfig): Partial<ConnectionOptions> {
  return {
    ...(user && { user, pass: password ?? '' }),
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
