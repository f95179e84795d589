import { z } from 'zod';
import { define } from './definition.js';
import { code, password } from './fields.js';

const recoveryCodes = z
  .object({
    recovery_codes: z.array(z.string()).describe('Each works once in place of a code; not shown again'),
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
    summary: 'Create a secret for an authenticator app; it takes effect once a code has confirmed it',
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
    summary: 'Turn on two-step login',
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
    summary: 'Replace the recovery codes',
    access: 'session',
    body: codeBody,
    status: 200,
    reply: recoveryCodes,
  },
  removeSecondFactor: {
    method: 'post',
    path: '/admin/v1/own-second-factor/removal',
    tag,
    summary: 'Turn off two-step login',
    access: 'session',
    body: codeBody,
    status: 204,
  },
});
