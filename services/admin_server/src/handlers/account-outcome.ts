import { Problem, Refusal, type RefusalCode } from '@teamtalk/administration';
import { consoleApi } from '@teamtalk/rpc';

const { ACCOUNT_CONFLICT, ACCOUNT_DONE, ACCOUNT_NOT_FOUND, ACCOUNT_TOO_MANY_ATTEMPTS, ACCOUNT_WRONG_CODE } =
  consoleApi.console.AccountResult;

/**
 * @param what noun for the message when nothing was found
 * @param conflict code for a conflict; undefined: there can be none
 * @throws Problem unless the result is ACCOUNT_DONE
 */
export function requireDone(
  { result }: { result: consoleApi.console.AccountResult },
  what: string,
  conflict?: RefusalCode,
): void {
  if (result === ACCOUNT_DONE) return;
  if (result === ACCOUNT_NOT_FOUND) throw new Problem('not-found', `there is no such ${what}`);
  if (result === ACCOUNT_CONFLICT) throw conflict ? new Refusal(conflict) : new Problem('conflict');
  if (result === ACCOUNT_TOO_MANY_ATTEMPTS) throw tooManyAttempts();
  if (result === ACCOUNT_WRONG_CODE) throw new Problem('wrong-code');
  throw new Problem('wrong-login', 'the current password is wrong');
}

export function tooManyAttempts(): Problem {
  return new Problem('too-many-calls', 'too many failed attempts; try again in a while');
}
