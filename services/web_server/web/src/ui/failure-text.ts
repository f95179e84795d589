import { t } from '../i18n/index.js';
import type { LoginFailure } from '../model/login.js';

export function failureText(failure: LoginFailure): string {
  const texts = {
    credentials: t.value.wrongCredentials,
    busy: t.value.serverBusy,
    unreachable: t.value.serverUnreachable,
    refused: t.value.loginRefused,
  };
  return texts[failure];
}
