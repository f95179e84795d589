import type { WebServerConfig } from './config.js';

/**
 * Headers of every response. Scripts and styles come from files of this server only, never from within the page; nothing may
 * become a script or markup from a string (Trusted Types); and nobody may frame the page.
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

/** The origin of a URL in which `{host}` and `{port}` may be anything. */
function sourceOf(url: string): string {
  const [scheme, , authority = ''] = url.split('/');
  return `${scheme}//${authority.replace('{host}', '*').replace('{port}', '*')}`;
}
