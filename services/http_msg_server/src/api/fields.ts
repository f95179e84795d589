import { z } from 'zod';

/** Largest user or group id there is. */
const maxId = 0x7fff_ffff;

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

/** User ids of one call. */
export const idList = z.array(id).max(10_000);

/** A caller's own key of a message. */
export const messageKey = z.union([z.string().min(1).max(200), z.int().transform(String)]);
