import { signal } from '@preact/signals';
import { Dialog } from './dialog.js';
import { DialogEnd, useAction } from './dialog-action.js';

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
  const doing = useAction();
  const close = () => {
    question.value = undefined;
  };
  const confirm = () =>
    doing.run(async () => {
      await work();
      close();
    });
  return (
    <Dialog title={title} onClose={close}>
      <p>{text}</p>
      <DialogEnd of={doing} label={action} danger={danger} onAction={() => void confirm()} onClose={close} />
    </Dialog>
  );
}
