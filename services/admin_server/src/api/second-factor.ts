import { z } from 'zod';
import { define } from './definition.js';
import { code, password } from './fields.js';

const recoveryCodes = z
  .object({
    recovery_codes: z.array(z.string()).describe('Each is good once in place of a code; shown this once'),
  })
  .meta({ id: 'RecoveryCodes' });

const codeBody = z.strictObject({ code }).meta({ id: 'Code' });
const tag = 'Session';

/** The second factor of the caller's own account: codes of an authenticator app (RFC 6238). */
export const secondFactorApi = define({
  beginSecondFactor: {
    method: 'post',
    path: '/admin/v1/own-second-factor',
    tag,
    summary: 'A new secret for an authenticator app, which counts once a code of it has been entered',
    access: 'session',
    body: z.strictObject({ password }).meta({ id: 'OwnSecondFactor' }),
    status: 200,
    reply: z
      .object({
        secret: z.string().describe('Base32'),
        uri: z.string().describe('otpauth:, for a QR code'),
      })
      .meta({ id: 'NewSecondFactor' }),
  },
  confirmSecondFactor: {
    method: 'post',
    path: '/admin/v1/own-second-factor/confirmation',
    tag,
    summary: 'Log in with codes from now on',
    description: 'All other sessions of the account end.',
    access: 'session',
    body: codeBody,
    status: 200,
    reply: recoveryCodes,
  },
  renewRecoveryCodes: {
    method: 'post',
    path: '/admin/v1/own-second-factor/recovery-codes',
    tag,
    summary: 'New recovery codes, in the place of the old ones',
    access: 'session',
    body: codeBody,
    status: 200,
    reply: recoveryCodes,
  },
  removeSecondFactor: {
    method: 'post',
    path: '/admin/v1/own-second-factor/removal',
    tag,
    summary: 'Log in without codes from now on',
    access: 'session',
    body: codeBody,
    status: 204,
  },
});
