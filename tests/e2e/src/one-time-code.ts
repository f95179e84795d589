import { Secret, TOTP } from 'otpauth';

/** What an authenticator app shows. @param steps of 30 seconds from now: a code is good once, and the next one already */
export function codeOf(secret: string, steps = 0): string {
  const timestamp = Date.now() + steps * 30_000;
  return new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate({ timestamp });
}
