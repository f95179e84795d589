/** The configuration that web_server serves (`/config.json`). */
export interface PageConfig {
  webSocketUrls: string[];
  /** undefined: file transfer is not available */
  fileServerUrl?: string;
  msfsUrl: string;
  imageOrigins: string[];
  /** undefined: notifications work only while the page is open */
  pushKey?: string;
  textKey?: string;
}

/** @throws Error when web_server does not answer */
export async function loadPageConfig(): Promise<PageConfig> {
  const response = await fetch('/config.json');
  if (!response.ok) throw new Error(`/config.json: ${response.status}`);
  return (await response.json()) as PageConfig;
}
