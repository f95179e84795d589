import { imageText } from '@teamtalk/protocol';
import { ClientError } from './errors.js';

export interface UploadedImage {
  /** its public URL */
  url: string;
  /** its key in the server's storage */
  path: string;
  /** The markup that makes clients show the image; send it alone or within a text. */
  text: string;
}

/** Parses the response of msfs, one line of JSON. @throws ClientError `upload-refused` */
export function uploadedImage(body: string, status: number | undefined): UploadedImage {
  let answer: Record<string, unknown>;
  try {
    answer = Object(JSON.parse(body)) as Record<string, unknown>;
  } catch (error) {
    throw new ClientError('upload-refused', `msfs answered ${status} without JSON`, { cause: error });
  }
  const { error_code: code, error_msg: reason, url, path } = answer;
  if (code !== 0 || typeof url !== 'string' || typeof path !== 'string') {
    throw new ClientError('upload-refused', `upload refused: ${reason ?? 'no reason given'} (${code})`);
  }
  return { url, path, text: imageText(url) };
}
