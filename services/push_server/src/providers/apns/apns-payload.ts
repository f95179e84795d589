import { fitted } from '../../notification/fitted.js';
import type { Notification } from '../provider.js';

/** Largest payload that APNs takes, bytes. */
export const maxPayloadBytes = 4_096;

/**
 * The JSON of a notification, at most 4,096 bytes: its text is shortened until it fits. `custom` is a string of JSON, not an
 * object: the historic iOS app reads it so.
 */
export function apnsPayload({ alert, badge, data, withdraws }: Omit<Notification, 'token'>): Buffer {
  const custom = JSON.stringify(data);
  // An app that knows `withdrawn` is woken to remove the banner; others get the badge.
  const silent = { badge, ...(withdraws && { 'content-available': 1 }) };
  return fitted(alert, maxPayloadBytes, (shown) => {
    const aps = shown ? { alert: shown, badge, sound: 'bingbong.aiff' } : silent;
    return Buffer.from(JSON.stringify({ aps, custom, ...(withdraws && { withdrawn: true }) }));
  });
}
