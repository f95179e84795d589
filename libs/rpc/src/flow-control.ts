/**
 * Bytes one side may send before the other has confirmed any of them, over a connection and over one stream. HTTP/2's
 * default of 64 KiB makes senders wait for the other side's next event-loop turn under load. (On a server, grpc-js
 * ignores this option; see patches/.)
 */
export const flowControlWindow = 4 * 1024 * 1024;
