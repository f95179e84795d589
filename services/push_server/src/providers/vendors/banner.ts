import { createHash } from 'node:crypto';
import type { Alert } from '../../notification/fitted.js';
import { shortenTo } from '../../notification/shorten.js';
import type { Outcome } from '../provider.js';

/** Maximum width of title and text. */
export interface BannerLimits {
  title: number;
  body: number;
}

/** Width of a character in UTF-16 code units, the safe choice for vendors whose documentation only says "characters". */
const units = (character: string) => character.length;

/** Fits an alert into the limits of a vendor that counts characters and refuses blank texts. */
export function bannerIn(
  { title, body }: Alert,
  limits: BannerLimits,
  widthOf: (character: string) => number = units,
): Alert {
  return {
    title: shortenTo(title, limits.title, widthOf) || '…',
    body: shortenTo(body, limits.body, widthOf) || '…',
  };
}

/** The numeric id of a conversation's banner, with which the next banner replaces it: 1 to 2^31 - 1. */
export function notifyIdOf(collapseId: string): number {
  return createHash('sha256').update(collapseId).digest().readUInt32BE() & 0x7fff_ffff || 1;
}

/** Outcome of a push without a banner at a vendor that supports only banners. */
export const bannersOnly: Outcome = { kind: 'unsupported', reason: 'banners only' };

/** Seconds until a notification expires, within a vendor's limits. */
export function ttlSeconds(expiresAt: number, now: number, least: number, most: number): number {
  return Math.min(Math.max(least, Math.floor((expiresAt - now) / 1_000)), most);
}
