import tls from 'node:tls';

/**
 * The option of TLS connections that trust these authorities. They are read once: the public ones take milliseconds.
 * @param ca in PEM; undefined: the system's
 */
export function trusting(ca: string | undefined): { secureContext?: tls.SecureContext } {
  return ca === undefined ? {} : { secureContext: tls.createSecureContext({ ca }) };
}
