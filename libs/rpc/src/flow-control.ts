/**
 * Bytes one side may send before the other has confirmed any of them, over a whole connection and over one
 * stream. HTTP/2's own 64 KiB are used up by 400 messages: under load the rest then waits for the other
 * side's next turn, which may be 20 ms away. (Of a server, grpc-js ignores this option; see patches/.)
 */
export const flowControlWindow = 4 * 1024 * 1024;
