const web = new Set(['http:', 'https:']);
/** Schemes of addresses that are a program or a document themselves. */
const scripts = new Set(['javascript:', 'data:', 'vbscript:']);

/** Whether a browser opens a web page at this address. */
export function isWebUrl(url: string): boolean {
  return web.has(schemeOf(url));
}

/** Whether opening this address runs what is written in it. */
export function isScriptUrl(url: string): boolean {
  return scripts.has(schemeOf(url));
}

/** As browsers read it, which skip spaces and line breaks; empty: none. */
function schemeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
