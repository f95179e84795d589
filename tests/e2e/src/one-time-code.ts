import { Secret, TOTP } from 'otpauth';

/**
 * The code that an authenticator app shows. A code works only once, and the code of the next step is already valid.
 * @param steps 30-second steps from now
 */
export function codeOf(secret: string, steps = 0): string {
  const timestamp = Date.now() + steps * 30_000;
  return new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate({ timestamp });
}
