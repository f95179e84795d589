import { ask } from '@teamtalk/administration';
import { consoleWork } from '@teamtalk/rpc';
import { requireDone } from './account-outcome.js';
import type { Handlers } from './handler.js';

/** Milliseconds the store has to check a password or a code. */
const checkMs = 5_000;

export const secondFactor: Handlers<
  'beginSecondFactor' | 'confirmSecondFactor' | 'renewRecoveryCodes' | 'removeSecondFactor'
> = {
  async beginSecondFactor(call, { body }) {
    const reply = await ask(call, consoleWork.beginSecondFactor, body, checkMs);
    requireDone(reply, 'account', 'second-factor-on');
    return { secret: reply.secret, uri: reply.uri };
  },

  async confirmSecondFactor(call, { body }) {
    const reply = await call.pool.callOnce(consoleWork.confirmSecondFactor, body, checkMs);
    requireDone(reply, 'account');
    return { recovery_codes: reply.codes };
  },

  async renewRecoveryCodes(call, { body }) {
    const reply = await call.pool.callOnce(consoleWork.renewRecoveryCodes, body, checkMs);
    requireDone(reply, 'account');
    return { recovery_codes: reply.codes };
  },

  async removeSecondFactor(call, { body }) {
    requireDone(await call.pool.callOnce(consoleWork.removeSecondFactor, body, checkMs), 'account');
    return undefined;
  },
};
