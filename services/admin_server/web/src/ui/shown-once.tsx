import { useSignal } from '@preact/signals';
import { t } from '../text/text.js';
import { Dialog } from './dialog.js';

interface ShownOnceProps {
  readonly title: string;
  readonly about: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** A code or a link that is never shown again. */
export function ShownOnce({ title, about, secret, onClose }: ShownOnceProps) {
  const copied = useSignal(false);
  const copy = async () => {
    // Browsers allow this only in secure contexts; elsewhere users copy by hand.
    await navigator.clipboard?.writeText(secret).then(
      () => {
        copied.value = true;
      },
      () => {},
    );
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{about}</p>
      <output class="code-box" data-testid="shown-once">
        {secret}
      </output>
      <div class="row end">
        {window.isSecureContext && (
          <button type="button" onClick={() => void copy()}>
            {copied.value ? t('copied') : t('copy')}
          </button>
        )}
        <button type="button" class="main" onClick={onClose}>
          {t('noted')}
        </button>
      </div>
    </Dialog>
  );
}
