import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './send-json.js';

/** Why a request is refused. */
export interface Refusal {
  status: number;
  code: number;
  text: string;
}

/** The numbers are those of the HTTP API; the texts are for people. */
export const refusals = {
  noFile: { status: 400, code: 1, text: '没有文件' },
  badRequest: { status: 400, code: 1, text: '参数错误' },
  empty: { status: 400, code: 1, text: '文件为空' },
  notFound: { status: 404, code: 1, text: '找不到文件' },
  badMethod: { status: 405, code: 1, text: '不支持的请求' },
  tooSlow: { status: 408, code: 1, text: '上传超时' },
  tooLarge: { status: 413, code: 1, text: '文件过大' },
  badRange: { status: 416, code: 1, text: '参数错误' },
  notAllowed: { status: 401, code: 5, text: '未授权' },
  notLoggedIn: { status: 401, code: 5, text: '未登录' },
  overQuota: { status: 429, code: 9, text: '今日上传量已满' },
  tooMany: { status: 503, code: 9, text: '服务器繁忙' },
  noSpace: { status: 507, code: 9, text: '存储空间不足' },
  failed: { status: 503, code: 9, text: '服务器异常' },
} satisfies Record<string, Refusal>;

/** The line of JSON of a refusal. */
export function refusalText({ code, text }: Refusal): string {
  return JSON.stringify({ error_code: code, error_msg: text });
}

/** Refuses a request; sends nothing if a response has begun. */
export function sendRefusal(
  response: ServerResponse,
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  sendJson(response, refusal.status, refusalText(refusal), {
    // The rest of the request will not be read.
    ...(hasMore(response.req) && { connection: 'close' }),
    ...(refusal.status === 503 && { 'retry-after': '5' }),
    ...headers,
  });
}

/** Whether part of the request's body is unread. */
function hasMore({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
