import sharp from 'sharp';
import type { ThumbnailFormat } from './image-name.js';

// What several images need at once must stay within bounds: one thread each, and nothing kept between them.
sharp.concurrency(1);
sharp.cache(false);

export interface ScaleOptions {
  /** pixels; the result fits into them, its proportions kept, and is not larger than the original */
  width: number;
  height: number;
  format: ThumbnailFormat;
  /** Images with more pixels are refused before they are decoded. */
  maxPixels: number;
  seconds: number;
}

/**
 * A smaller version of an image: of an animation the first frame, turned upright, without metadata.
 * @throws Error when it is no image, has too many pixels or takes too long
 */
export function scale(
  bytes: Buffer,
  { width, height, format, maxPixels, seconds }: ScaleOptions,
): Promise<Buffer> {
  const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' })
    .autoOrient()
    .resize({ width, height, fit: 'inside', withoutEnlargement: true })
    .timeout({ seconds });
  // JPEG knows no transparency.
  if (format === 'jpeg') return image.flatten({ background: '#fff' }).jpeg({ quality: 82 }).toBuffer();
  return image.toFormat(format).toBuffer();
}
