import { ApiProblem } from '../api/problem.js';
import { t } from '../text/text.js';
import { TextField, type Values } from './form.js';

/** @throws ApiProblem when the two passwords differ */
export function newPasswordIn(values: Values): string {
  const password = values.raw('password');
  if (password === values.raw('again')) return password;
  throw new ApiProblem('invalid-request', undefined, new Map([['again', t('password.differs')]]));
}

/** Fields for a new password of a console account and its repetition. */
export function NewPassword() {
  return (
    <>
      <TextField
        name="password"
        type="password"
        label={t('password.new')}
        hint={t('password.hint')}
        autocomplete="new-password"
        minLength={12}
        maxLength={256}
        required
      />
      <TextField
        name="again"
        type="password"
        label={t('password.again')}
        autocomplete="new-password"
        required
      />
    </>
  );
}
