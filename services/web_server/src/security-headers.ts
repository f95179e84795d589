import type { WebServerConfig } from './config.js';

type Sources = Pick<
  WebServerConfig,
  'webSocketUrls' | 'fileServerUrl' | 'msfsUrl' | 'imageOrigins' | 'pushKey'
>;

/** The service worker needs nothing but the messages that it is given. */
export const workerPolicy =
  "default-src 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/**
 * Headers of every response. Scripts and styles may come only from files of this server, never inline; strings may not become
 * scripts or markup (Trusted Types), except for the address of the service worker if there is one; and the page may not be
 * framed.
 */
export function securityHeaders({
  webSocketUrls,
  fileServerUrl,
  msfsUrl,
  imageOrigins,
  pushKey,
}: Sources): Record<string, string> {
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
    'worker-src': [pushKey === undefined ? "'none'" : "'self'"],
    'manifest-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
    'require-trusted-types-for': ["'script'"],
    'trusted-types': [pushKey === undefined ? "'none'" : 'service-worker'],
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
