import { createHash } from 'node:crypto';
import { appData } from '../../notification/app-data.js';
import { fitted } from '../../notification/fitted.js';
import { collapseIdOf, type Notification } from '../provider.js';

/** Largest payload that FCM takes, bytes; what is not payload is counted, too, since its form is not said. */
export const maxPayloadBytes = 4_000;

/**
 * The body of `messages:send`. A banner is shown by Android itself while the app is not in the foreground; without one the app gets
 * data only, and removes the banner whose tag is withdrawn. FCM takes only strings as data. For a phone
 * that is offline it keeps messages of four collapse keys; if it has a hundred without one, it discards all, banners too. So withdrawals share
 * three, and the fourth is that of badges.
 */
export function fcmMessage(notification: Notification, now: number): Buffer {
  const { token, app, collapseId, expiresAt, alert, badge, withdraws } = notification;
  const data = appData(notification);
  const ttl = `${Math.max(0, Math.floor((expiresAt - now) / 1_000))}s`;
  return fitted(alert, maxPayloadBytes, (shown) =>
    Buffer.from(
      JSON.stringify({
        message: {
          token,
          data,
          ...(shown && { notification: shown }),
          android: {
            collapse_key: withdraws ? withdrawalKey(collapseId) : collapseIdOf(notification),
            priority: shown ? 'HIGH' : 'NORMAL',
            ttl,
            ...(app !== '' && { restricted_package_name: app }),
            ...(shown && { notification: { tag: collapseId, notification_count: badge } }),
          },
        },
      }),
    ),
  );
}

function withdrawalKey(collapseId: string): string {
  return `withdrawn-${createHash('sha256').update(collapseId).digest().readUInt8() % 3}`;
}
