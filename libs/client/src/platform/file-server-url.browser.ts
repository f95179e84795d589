/** Of the WebSockets of file_servers: their default port, with TLS where the msg_server's has it. */
export function defaultFileServerUrl(msgServerUrl: string | undefined): string | undefined {
  return msgServerUrl && `${new URL(msgServerUrl).protocol}//{host}:9600/`;
}
