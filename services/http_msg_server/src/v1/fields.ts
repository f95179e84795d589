import { z } from 'zod';
import type { App } from '../auth/app.js';
import { idempotencyKey, maxId } from '../http/fields.js';
import { Problem } from './problem.js';

/** A user, group, department or message id. */
export const id = z.int().min(1).max(maxId);

/** An id in a path or a query. */
export const pathId = z.coerce.number().int().min(1).max(maxId);

/** A text without NUL, which PostgreSQL rejects. */
export function line(min: number, max: number) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((text) => !text.includes('\0'), 'may not contain NUL');
}

/** A timestamp (RFC 3339). */
export const moment = z.iso.datetime();

export const key = idempotencyKey
  .optional()
  .describe(
    'The caller’s own name for this call, at most 200 bytes; the header Idempotency-Key means the same',
  );

/** Unix seconds as RFC 3339. */
export function momentOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

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
