import { useSignal } from '@preact/signals';
import { ApiProblem } from '../api/problem.js';
import { t } from '../text/text.js';
import { TextField } from './form.js';

/** Field for a code of the authenticator app, or for a recovery code. */
export function CodeField({ autofocus = false }: { autofocus?: boolean }) {
  return (
    <TextField
      name="code"
      label={t('code')}
      hint={t('code.hint')}
      autocomplete="one-time-code"
      maxLength={64}
      required
      autofocus={autofocus}
    />
  );
}

/** Whether to ask for a code besides the password, which is once the server requires it. */
export function useCodeNeeded() {
  const needed = useSignal(false);
  const ask = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiProblem && error.kind === 'code-needed')) throw error;
      needed.value = true;
    }
  };
  return { needed: needed.value, ask };
}
