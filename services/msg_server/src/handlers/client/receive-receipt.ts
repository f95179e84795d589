import type { Handler } from './handler.js';

/**
 * 0x0302 from a client: it has got a message. There is nothing to do, and there are as many as deliveries:
 * only the count of received PDUs shows them, their body is not even looked at.
 */
export const receiveReceipt: Handler = () => true;
