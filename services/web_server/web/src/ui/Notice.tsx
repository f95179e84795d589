interface NoticeProps {
  title: string;
  text: string;
  action?: string;
  onAction?: () => void;
  otherAction?: string;
  onOtherAction?: () => void;
}

/** A screen with a single notice. */
export function Notice({ title, text, action, onAction, otherAction, onOtherAction }: NoticeProps) {
  return (
    <main class="center-screen">
      <section class="card notice" aria-live="polite">
        <img class="logo" src="/icon.svg" alt="" />
        <h1>{title}</h1>
        {text && <p>{text}</p>}
        {action && (
          <button type="button" class="primary" onClick={onAction} autofocus>
            {action}
          </button>
        )}
        {otherAction && (
          <button type="button" class="link" onClick={onOtherAction}>
            {otherAction}
          </button>
        )}
      </section>
    </main>
  );
}
