import type { BlobInfo } from '@teamtalk/blob-store';

type Headers = Readonly<Record<string, string | number>>;

export interface ImageHeaders {
  /** for every answer about the file */
  common: Headers;
  /** for one with all of its content; made once: it is a fifth of what such an answer costs besides its bytes */
  whole: Headers;
}

/**
 * What every answer about a file says of it. It may be kept for ever. What is no image is only offered as a
 * download, and no browser takes it for anything else, whatever is in it.
 * @param type undefined: to be downloaded, not shown
 */
export function headersFor(info: BlobInfo, type: string | undefined): ImageHeaders {
  const name = info.key.slice(info.key.lastIndexOf('/') + 1);
  const common = {
    etag: `"${info.etag}"`,
    'last-modified': info.modified.toUTCString(),
    'cache-control': 'public, max-age=31536000, immutable',
    'accept-ranges': 'bytes',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'content-type': type ?? 'application/octet-stream',
    ...(!type && { 'content-disposition': `attachment; filename="${name}"` }),
  };
  return { common, whole: { ...common, 'content-length': info.size } };
}
