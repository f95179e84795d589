import type { CodeTable } from './answer.js';

/**
 * Codes of Huawei's messages:send, which Honor's sendMessage adopted. 80300002 means either a device of another app or an app
 * without push permission, so it does not block other pushes.
 */
export const huaweiCodes: CodeTable = {
  accepted: [80000000],
  // Some of the tokens are invalid; since a request has one token, it is that one.
  gone: [80100000, 80300007],
  unauthorized: [80200001, 80200003, 80200005],
  retry: [80600003, 81000001],
  later: [80300002],
};
