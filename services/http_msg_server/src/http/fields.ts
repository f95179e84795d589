import { maxId } from '@teamtalk/administration';
import { z } from 'zod';

/** A whole number, which callers send with or without quotes. */
export const wholeNumber = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number),
]);

/** A user or group id. */
export const id = wholeNumber.pipe(z.int().min(1).max(maxId));

/** The user on whose behalf a group is changed, or 0: the administration (client-behaviour.md#the-administration). */
export const administrator = wholeNumber.pipe(z.int().min(0).max(maxId));

/** Receivers per broadcast at most; their JSON stays below the default body limit. */
export const maxReceivers = 100_000;

/** User ids per call. */
export const idList = z.array(id).max(10_000);

/** Bytes of an Idempotency-Key at most. */
const maxKeyBytes = 200;

/** The caller's key for a call that may be repeated. */
export const idempotencyKey = z.union([
  z
    .string()
    .min(1)
    .refine((key) => Buffer.byteLength(key) <= maxKeyBytes, `at most ${maxKeyBytes} bytes`),
  z.int().transform(String),
]);
