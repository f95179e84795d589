import { createHash } from 'node:crypto';
import type { Alert } from '../../notification/fitted.js';
import { shortenTo } from '../../notification/shorten.js';
import type { Outcome } from '../provider.js';

/** Most a title and a text may take. */
export interface BannerLimits {
  title: number;
  body: number;
}

/** How much a character takes where each is counted as one, and those of several code units are not explained. */
const units = (character: string) => character.length;

/** An alert in the limits of a vendor who counts characters and takes none that is blank. */
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

/** The number of a banner, by which the next one of its conversation replaces it: 1 to 2^31 - 1. */
export function notifyIdOf(collapseId: string): number {
  return createHash('sha256').update(collapseId).digest().readUInt32BE() & 0x7fff_ffff || 1;
}

/** Of a vendor who shows banners and does nothing else. */
export const bannersOnly: Outcome = { kind: 'unsupported', reason: 'banners only' };

/** Seconds until a notification expires, in the bounds of a vendor. */
export function ttlSeconds(expiresAt: number, now: number, least: number, most: number): number {
  return Math.min(Math.max(least, Math.floor((expiresAt - now) / 1_000)), most);
}
