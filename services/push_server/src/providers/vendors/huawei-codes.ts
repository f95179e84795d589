import type { CodeTable } from './answer.js';

/**
 * Codes of Huawei's messages:send, which Honor's sendMessage took over. 80300002 concerns a device of another app as well as an app
 * without the right to push, so that it does not stop the others.
 */
export const huaweiCodes: CodeTable = {
  accepted: [80000000],
  // Part of the tokens: of one, that one.
  gone: [80100000, 80300007],
  unauthorized: [80200001, 80200003, 80200005],
  retry: [80600003, 81000001],
  later: [80300002],
};
