import { z } from 'zod';

/** Largest user or group id there is. */
export const maxId = 0x7fff_ffff;

/** A whole number; callers write it with and without quotes. */
export const wholeNumber = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number),
]);

/** A user or group id. */
export const id = wholeNumber.pipe(z.int().min(1).max(maxId));

/** Who changes groups: a user, or 0, the administration of a legacy installation (client-behaviour.md#the-administration). */
export const administrator = wholeNumber.pipe(z.int().min(0).max(maxId));

/** Receivers one broadcast may list: some 700 KB of JSON. */
export const maxReceivers = 100_000;

/** User ids of one call. */
export const idList = z.array(id).max(10_000);

/** Bytes of the longest Idempotency-Key. */
const maxKeyBytes = 200;

/** A caller's own name for what he wants done. */
export const idempotencyKey = z.union([
  z
    .string()
    .min(1)
    .refine((key) => Buffer.byteLength(key) <= maxKeyBytes, `at most ${maxKeyBytes} bytes`),
  z.int().transform(String),
]);
