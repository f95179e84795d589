/** `error_code` of the original server's responses (client-behaviour.md#answers-of-the-legacy-api). */
export const ErrorCode = Object.freeze({
  OK: 0,
  BAD_PARAMETER: 1,
  UNKNOWN_APP_KEY: 2,
  APP_KEY_OF_OTHER_USER: 3,
  ID_NOT_ALLOWED: 4,
  INTERFACE_NOT_ALLOWED: 5,
  IP_NOT_ALLOWED: 6,
  BAD_MESSAGE_TYPE: 7,
  UNKNOWN_ERROR: 8,
  SERVER_ERROR: 9,
  GROUP_NOT_CREATED: 10,
  GROUP_NOT_CHANGED: 11,
  NOT_ENCRYPTED: 12,
});

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

const texts: Record<ErrorCode, string> = {
  0: '成功',
  1: '参数错误',
  2: 'appKey不存在',
  3: 'appKey与用户不匹配',
  4: '含有不允许发送的Id',
  5: '未授权的接口',
  6: '未授权的IP',
  7: '非法的发送类型',
  8: '未知错误',
  9: '服务器异常',
  10: '创建群失败',
  11: '更改群成员失败',
  12: '消息加密失败',
};

/**
 * The body of a response: one line of JSON, without a line feed.
 * @param more further fields, after `error_code` and `error_msg`
 */
export function legacyAnswer(code: ErrorCode, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ error_code: code, error_msg: texts[code], ...more });
}
