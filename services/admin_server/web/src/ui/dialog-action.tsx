import { type ReadonlySignal, type Signal, useSignal } from '@preact/signals';
import { problemText } from '../api/problem.js';
import { t } from '../text/text.js';

interface Action {
  readonly busy: ReadonlySignal<boolean>;
  /** shown in the dialog */
  readonly failure: Signal<string | undefined>;
  readonly run: (work: () => Promise<void>) => Promise<void>;
}

/** What the main button of a dialog does; its error is shown. */
export function useAction(): Action {
  const busy = useSignal(false);
  const failure = useSignal<string | undefined>(undefined);
  return {
    busy,
    failure,
    run: async (work) => {
      busy.value = true;
      failure.value = undefined;
      try {
        await work();
      } catch (error) {
        failure.value = problemText(error);
      } finally {
        busy.value = false;
      }
    },
  };
}

interface DialogEndProps {
  readonly of: Action;
  /** label of the main button, a verb */
  readonly label: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onAction: () => void;
  readonly onClose: () => void;
}

/** The end of a dialog that is no form: what failed, and its buttons. */
export function DialogEnd({
  of,
  label,
  danger = false,
  disabled = false,
  onAction,
  onClose,
}: DialogEndProps) {
  return (
    <>
      {of.failure.value && (
        <p class="notice bad" role="alert">
          {of.failure.value}
        </p>
      )}
      <div class="row end">
        <button type="button" onClick={onClose}>
          {t('cancel')}
        </button>
        <button
          type="button"
          class={danger ? 'main danger' : 'main'}
          disabled={disabled || of.busy.value}
          onClick={onAction}
        >
          {label}
        </button>
      </div>
    </>
  );
}
