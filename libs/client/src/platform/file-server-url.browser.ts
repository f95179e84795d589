/** Default WebSocket URL of file_servers: their default port, with TLS if the msg_server's URL has it. */
export function defaultFileServerUrl(msgServerUrl: string | undefined): string | undefined {
  return msgServerUrl && `${new URL(msgServerUrl).protocol}//{host}:9600/`;
}
