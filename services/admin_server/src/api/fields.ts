import { id, maxId, pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';

export const priority = z.int().min(0).max(maxId);

/** Query parameters of lists, which are read page by page, ascending by id. */
export const page = {
  after: pathId.optional().describe('Only ids above this one: `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

/** A text as the caller has read it, which may have been stored by other rules. */
export const readText = z.string().max(4_096);

/** @param fields those that can be changed, as the caller may have read them */
export function expectedOf<const Fields extends Readonly<Record<string, z.ZodType>>>(fields: Fields) {
  return z
    .strictObject(fields)
    .partial()
    .optional()
    .describe(
      'Fields as they were read: if one has another value by now, nothing is changed, and the code is `changed-meanwhile`',
    );
}

/** `after` of the next page. */
export const next = id.nullable().describe('`after` of the next page; null: this is the last one');

/** A new password of a console account. */
export const newPassword = z.string().min(12).max(256);

export const password = z.string().min(1).max(256);

export const code = z.string().min(1).max(64).describe('From the authenticator app, or a recovery code');
