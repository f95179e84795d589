import type { BlobInfo } from '@teamtalk/blob-store';

type Headers = Readonly<Record<string, string | number>>;

export interface ImageHeaders {
  /** for every response about the file */
  common: Headers;
  /** for a response with the whole content; precomputed, because building it is expensive */
  whole: Headers;
}

/**
 * Headers of every response about a file. It may be cached for ever. Anything but an image is only offered as a download,
 * and browsers are told not to sniff another type.
 * @param type undefined: served as a download
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
