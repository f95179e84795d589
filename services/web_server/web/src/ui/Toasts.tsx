import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { dismissToast, toasts } from '../model/toasts.js';
import { Icon } from './Icon.js';

export function Toasts() {
  const list = useRef<HTMLDivElement>(null);
  const { value } = toasts;
  // Showing the popover again puts it above all dialogs.
  useLayoutEffect(() => {
    const element = list.current!;
    if (element.matches(':popover-open')) element.hidePopover();
    if (value.length > 0) element.showPopover();
  }, [value]);
  return (
    <div ref={list} class="toasts" popover="manual" role="status" aria-live="polite">
      {value.map(({ id, text }) => (
        <div key={id} class="toast">
          <span>{text}</span>
          <button type="button" class="icon" aria-label={t.value.close} onClick={() => dismissToast(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
