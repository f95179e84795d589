import type { Session } from '@teamtalk/client';
import { notifications } from '../preferences.js';
import { previewLine, sessionName } from './names.js';
import { keyOf } from './session.js';
import type { State } from './state.js';

const shownMs = 8_000;

/** The browser's permission for notifications; `unsupported` also outside secure contexts. */
export function notificationPermission(): NotificationPermission | 'unsupported' {
  return 'Notification' in window ? Notification.permission : 'unsupported';
}

/** Shows a notification of a message, if the user and the browser allow it. */
export function notify(
  state: State,
  session: Session,
  text: string,
  from: number,
  onClick: () => void,
): void {
  if (!notifications.value || notificationPermission() !== 'granted') return;
  if (state.isMuted(session)) return;
  try {
    const notification = new Notification(sessionName(state, session), {
      body: previewLine(state, session, text, from),
      tag: keyOf(session),
    });
    notification.onclick = () => {
      window.focus();
      onClick();
      notification.close();
    };
    setTimeout(() => notification.close(), shownMs);
  } catch {
    // Chrome on Android allows notifications from service workers only.
  }
}
