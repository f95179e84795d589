/** Of the WebSockets of file_servers: none, for TCP. In browsers file-server-url.browser.ts takes its place. */
export function defaultFileServerUrl(_msgServerUrl: string | undefined): string | undefined {
  return undefined;
}
