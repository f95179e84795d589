import { signal } from '@preact/signals';

interface Toast {
  readonly id: number;
  readonly text: string;
}

const shown = signal<readonly Toast[]>([]);
const shownMs = 6_000;
const limit = 4;
let last = 0;

/** Shows a message for some seconds. */
export function say(text: string): void {
  const toast = { id: ++last, text };
  shown.value = [...shown.value, toast].slice(-limit);
  setTimeout(() => {
    shown.value = shown.value.filter((each) => each !== toast);
  }, shownMs);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map(({ id, text }) => (
        <p class="toast" key={id}>
          {text}
        </p>
      ))}
    </div>
  );
}
