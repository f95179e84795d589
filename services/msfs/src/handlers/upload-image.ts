import type { IncomingMessage } from 'node:http';

export interface UploadAnswer {
  status: number;
  /** one line: Android reads no further (protocol notes, section 12) */
  body: string;
}

const notOffered = { status: 501, body: '{"error_code":5,"error_msg":"暂不支持上传"}' };
const tooLarge = { status: 413, body: '{"error_code":1,"error_msg":"文件过大"}' };

/**
 * `POST /` (protocol notes, section 10). There is no storage yet: the upload is read to its end, so that the
 * client gets to reading the answer, thrown away, and refused.
 * @param maxBytes more are not waited for
 * @throws Error when the client goes away before the end
 */
export async function uploadImage(request: IncomingMessage, maxBytes: number): Promise<UploadAnswer> {
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) return tooLarge;
  }
  return notOffered;
}
