import { line, Problem } from '@teamtalk/administration';
import type { App } from '../auth/app.js';
import { idempotencyKey } from '../http/fields.js';

export { id, line, moment, momentOf, pathId, webUrl } from '@teamtalk/administration';

/** A receiver by name. */
export const receiver = line(2, 300).describe(
  '`@NAME` or `user:ID` for a user; `#NAME` or `group:ID` for a group that the sender is in',
);

export const key = idempotencyKey
  .optional()
  .describe(
    'The caller’s own name for this call, at most 200 bytes; the header Idempotency-Key means the same',
  );

/** @throws Problem when the idempotency key is too long */
export function keyOf(
  body: { id?: string | number | undefined },
  header: string | undefined,
): string | undefined {
  const parsed = idempotencyKey.optional().safeParse(body.id ?? header);
  if (!parsed.success) throw new Problem('invalid-request', 'an Idempotency-Key has 1 to 200 bytes');
  return parsed.data;
}

/**
 * The user to act as: the one named, or else the only one the app may act as.
 * @param at where the user can be named
 * @throws Problem when there is neither
 */
export function senderFor(app: App, named: number | undefined, at = '/from_user_id'): number {
  const sender = named ?? app.userId;
  if (sender !== undefined) return sender;
  throw new Problem('invalid-request', undefined, [{ at, detail: 'is needed' }]);
}
