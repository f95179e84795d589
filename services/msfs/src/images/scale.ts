import sharp from 'sharp';
import type { ThumbnailFormat } from './image-name.js';

// Bounds the memory of concurrent work: one thread per image, no cache.
sharp.concurrency(1);
sharp.cache(false);

export interface ScaleOptions {
  /** pixels; the result fits into them with the same aspect ratio, and is never larger than the original */
  width: number;
  height: number;
  format: ThumbnailFormat;
  /** Images with more pixels are refused before they are decoded. */
  maxPixels: number;
  seconds: number;
}

/**
 * Scales an image down: of an animation only the first frame, rotated upright, without metadata.
 * @throws Error when it is not an image, has too many pixels or takes too long
 */
export function scale(
  bytes: Buffer,
  { width, height, format, maxPixels, seconds }: ScaleOptions,
): Promise<Buffer> {
  const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' })
    .autoOrient()
    .resize({ width, height, fit: 'inside', withoutEnlargement: true })
    .timeout({ seconds });
  // JPEG has no transparency.
  if (format === 'jpeg') return image.flatten({ background: '#fff' }).jpeg({ quality: 82 }).toBuffer();
  return image.toFormat(format).toBuffer();
}
