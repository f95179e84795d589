/**
 * A URL, or several separated by commas, as people and logs may see them: without password and parameters. A name that has
 * no password goes too: NATS takes it for a token.
 */
export function withoutSecrets(urls: string): string {
  return urls.split(',').map(shown).join(',');
}

function shown(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // NAME:PASSWORD@HOST is one by the letter, of the scheme NAME.
  if (!url?.host) return 'an address that is no URL';
  if (url.password === '') url.username = '';
  url.password = '';
  url.search = '';
  return url.href;
}
