import { ClientError, DeadlineExceeded } from './errors.js';
import { reasonOf } from './server-location.js';
import { type UploadedImage, uploadedImage } from './uploaded-image.js';

export interface PageUploadOptions {
  /** The image's name; a size at its end (`x_320x240.jpg`) is preserved. Default: the file's, or `image`. */
  name?: string;
  /** Upload token, if the server requires one. */
  token?: string;
  /** Default: two minutes. */
  deadlineMs?: number;
}

/**
 * Uploads an image to msfs from a web page, which needs only msfs's CORS headers.
 *
 * @param msfs its base URL
 * @throws ClientError `unreachable`, `upload-refused` with the server's message; DeadlineExceeded
 */
export async function uploadImage(
  msfs: string,
  image: Uint8Array | Blob,
  { name, token, deadlineMs = 120_000 }: PageUploadOptions = {},
): Promise<UploadedImage> {
  const file = image instanceof Blob ? image : new Blob([image]);
  const form = new FormData();
  form.append('filename', file, name ?? (file as { name?: string }).name ?? 'image');
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), deadlineMs);
  try {
    const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
    const response = await fetch(msfs, { method: 'POST', body: form, headers, signal: late.signal });
    return uploadedImage(await response.text(), response.status);
  } catch (error) {
    if (late.signal.aborted) throw new DeadlineExceeded('the upload', deadlineMs);
    if (error instanceof ClientError) throw error;
    throw new ClientError('unreachable', `msfs ${msfs}: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
