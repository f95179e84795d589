import type { Handler } from './handler.js';

/**
 * 0x0302 from a client acknowledges a delivered message. Nothing depends on it, so the body is not decoded; it only
 * counts as a received PDU.
 */
export const receiveReceipt: Handler = () => true;
