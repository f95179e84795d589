/** What web_server says of the installation (`/config.json`). */
export interface PageConfig {
  webSocketUrls: string[];
  /** Left out: no files are transferred. */
  fileServerUrl?: string;
  msfsUrl: string;
  imageOrigins: string[];
  /** Left out: there are no notifications while the page is closed. */
  pushKey?: string;
  textKey?: string;
}

/** @throws Error when web_server does not answer */
export async function loadPageConfig(): Promise<PageConfig> {
  const response = await fetch('/config.json');
  if (!response.ok) throw new Error(`/config.json: ${response.status}`);
  return (await response.json()) as PageConfig;
}
