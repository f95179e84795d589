import { signal, useSignal } from '@preact/signals';
import { problemText } from '../api/problem.js';
import { t } from '../text/text.js';
import { Dialog } from './dialog.js';

interface Question {
  readonly title: string;
  /** what the action does, and to what */
  readonly text: string;
  /** label of the button, a verb */
  readonly action: string;
  readonly danger?: boolean;
  /** runs before the dialog closes; its error is shown in the dialog */
  readonly work: () => Promise<void>;
}

const question = signal<Question | undefined>(undefined);

/** Asks for confirmation before running an action that affects others. */
export function confirmThen(wanted: Question): void {
  question.value = wanted;
}

export function Confirmation() {
  const asked = question.value;
  // The key resets the error for each question.
  return asked ? <Asking key={asked.title + asked.text} {...asked} /> : null;
}

function Asking({ title, text, action, danger = false, work }: Question) {
  const busy = useSignal(false);
  const failure = useSignal<string | undefined>(undefined);
  const close = () => {
    question.value = undefined;
  };
  const confirm = async () => {
    busy.value = true;
    failure.value = undefined;
    try {
      await work();
      close();
    } catch (error) {
      failure.value = problemText(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog title={title} onClose={close}>
      <p>{text}</p>
      {failure.value && (
        <p class="notice bad" role="alert">
          {failure.value}
        </p>
      )}
      <div class="row end">
        <button type="button" onClick={close}>
          {t('cancel')}
        </button>
        <button
          type="button"
          class={danger ? 'main danger' : 'main'}
          disabled={busy.value}
          onClick={() => void confirm()}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
