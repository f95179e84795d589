/** Default WebSocket URL of file_servers: none, so TCP is used. Browsers get file-server-url.browser.ts instead. */
export function defaultFileServerUrl(_msgServerUrl: string | undefined): string | undefined {
  return undefined;
}
