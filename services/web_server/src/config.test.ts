import { ConfigError } from '@teamtalk/service-kit';
import { expect, it } from 'vitest';
import { loadConfig } from './config.js';

it('has defaults for all variables', () => {
  expect(loadConfig({})).toMatchObject({
    listen: { host: '0.0.0.0', port: 8888 },
    webSocketUrls: ['ws://127.0.0.1:9090/'],
    msfsUrl: 'http://127.0.0.1:8700/',
    imageOrigins: ['http://127.0.0.1:8700'],
    fileServerUrl: undefined,
    pushKey: undefined,
    textKey: undefined,
    tls: undefined,
  });
});

it.each([
  [{ WEB_SOCKET_URLS: ' , ' }, 'WEB_SOCKET_URLS: is empty'],
  [{ WEB_SOCKET_URLS: 'ws://a/,https://b/' }, 'WEB_SOCKET_URLS: https://b/ is not a ws: or wss: URL'],
  [{ FILE_SERVER_URL: 'https://{host}/' }, 'FILE_SERVER_URL: https://{host}/ is not a ws: or wss: URL'],
  [{ IMAGE_ORIGINS: 'https://a.example/x' }, 'IMAGE_ORIGINS: https://a.example/x is not an origin'],
  [{ IMAGE_ORIGINS: "https://a.example 'unsafe-inline'" }, 'IMAGE_ORIGINS: '],
  [{ TEXT_KEY: 'short' }, 'TEXT_KEY: must be 32 bytes'],
  [{ WEBPUSH_KEY_PUBLIC: 'BAAA' }, 'WEBPUSH_KEY_PUBLIC: must be an uncompressed point'],
])('%o is refused', (env, problem) => {
  let thrown: unknown;
  try {
    loadConfig(env);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigError);
  expect((thrown as Error).message).toContain(problem);
});
