import type { WebServerConfig } from './config.js';

/**
 * Headers of every response. Scripts and styles may come only from files of this server, never inline; strings may not become
 * scripts or markup (Trusted Types); and the page may not be framed.
 */
export function securityHeaders({
  webSocketUrls,
  fileServerUrl,
  msfsUrl,
  imageOrigins,
}: Pick<WebServerConfig, 'webSocketUrls' | 'fileServerUrl' | 'msfsUrl' | 'imageOrigins'>): Record<
  string,
  string
> {
  const originsOf = (urls: readonly string[]) => [...new Set(urls.map((url) => new URL(url).origin))];
  const policy = {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'blob:', ...imageOrigins],
    'media-src': ['blob:'],
    'connect-src': [
      "'self'",
      ...originsOf([...webSocketUrls, msfsUrl]),
      ...(fileServerUrl === undefined ? [] : [sourceOf(fileServerUrl)]),
    ],
    'manifest-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
    'require-trusted-types-for': ["'script'"],
    'trusted-types': ["'none'"],
  };
  return {
    'content-security-policy': Object.entries(policy)
      .map(([directive, sources]) => [directive, ...sources].join(' '))
      .join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'cross-origin-opener-policy': 'same-origin',
    'x-frame-options': 'DENY',
  };
}

/** The origin of a URL as a CSP source, with wildcards for `{host}` and `{port}`. */
function sourceOf(url: string): string {
  const [scheme, , authority = ''] = url.split('/');
  return `${scheme}//${authority.replace('{host}', '*').replace('{port}', '*')}`;
}
