const severalHosts = /^(\w+:\/\/(?:[^@/?#]*@)?)([^@/?#]*)((?:[/?#].*)?)$/;
const noUrl = 'an address that is no URL';

/**
 * Removes passwords and parameters from a URL, several comma-separated ones, or one with several hosts, for logs and
 * people. A user name without a password is removed too: NATS takes it for a token.
 */
export function withoutSecrets(urls: string): string {
  const parts = urls.split(',');
  if (parts.slice(1).every((part) => part.includes('://'))) return parts.map(shown).join(',');
  const [, begin, hosts, end] = severalHosts.exec(urls) ?? [];
  return begin ? shown(`${begin}hosts.of.a.url${end}`).replace('hosts.of.a.url', hosts!) : noUrl;
}

function shown(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // NAME:PASSWORD@HOST parses as a URL with the scheme NAME.
  if (!url?.host) return noUrl;
  if (url.password === '') url.username = '';
  url.password = '';
  url.search = '';
  return url.href;
}
