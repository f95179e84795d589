// Schemas of values shared by several APIs. Browsers load this file too, so it imports nothing but zod.
import { z } from 'zod';

/** Largest valid user or group id. */
export const maxId = 0x7fff_ffff;

/** A user, group, department or message id. */
export const id = z.int().min(1).max(maxId);

/** An id in a path or a query. */
export const pathId = z.coerce.number().int().min(1).max(maxId);

/** A string without what PostgreSQL rejects: NUL, and halves of surrogate pairs, which are no characters. */
export function line(min: number, max: number) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((text) => !text.includes('\0'), {
      message: 'may not contain NUL',
      params: { code: 'nul' },
    })
    .refine((text) => !/\p{Surrogate}/u.test(text), {
      message: 'may not contain half of a surrogate pair',
      params: { code: 'half-character' },
    });
}

/** The address of a page that people open; it cannot run a script, as javascript: and data: do. */
export const webUrl = z.url({ protocol: /^https?$/ }).max(1024);

/** A timestamp (RFC 3339). */
export const moment = z.iso.datetime();

/** Unix seconds as RFC 3339. */
export function momentOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/** In the order of their protocol numbers. */
export const genders = ['unknown', 'male', 'female'] as const;

export type Gender = (typeof genders)[number];

/** In the order of their protocol numbers, from 1. */
export const groupTypes = ['normal', 'temporary'] as const;

export const pushOutcomes = ['accepted', 'badge-only', 'withdrawn', 'dropped', 'gone', 'waiting'] as const;

export type PushOutcome = (typeof pushOutcomes)[number];

/** Matches a connection's id. */
export const connectionIdPattern = /^[0-9a-f]{8}-[1-9]\d{0,9}$/;
