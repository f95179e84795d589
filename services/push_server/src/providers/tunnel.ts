import http from 'node:http';
import type { Socket } from 'node:net';
import { NotSent } from './provider.js';

/**
 * Opens a connection through an HTTP proxy (CONNECT).
 * @param proxy http://host:port, with user and password if it requires them
 * @param target the host and port to connect to
 * @throws NotSent when the proxy refuses, or does not respond within `ms`
 */
export function tunnel(proxy: URL, target: { hostname: string; port: string }, ms: number): Promise<Socket> {
  const authority = `${target.hostname}:${target.port || 443}`;
  const { username, password } = proxy;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: proxy.hostname.replaceAll(/[[\]]/g, ''),
      port: proxy.port || 80,
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(username !== '' && { 'proxy-authorization': `Basic ${credentials.toString('base64')}` }),
      },
      agent: false,
    });
    const timer = setTimeout(
      () => request.destroy(new NotSent(`no response from the proxy within ${ms} ms`)),
      ms,
    );
    request.on('connect', ({ statusCode }, socket, head) => {
      clearTimeout(timer);
      if (statusCode !== 200) {
        socket.destroy();
        reject(new NotSent(`the proxy refuses ${authority}: status ${statusCode}`));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.on('error', ({ message }) => {
      clearTimeout(timer);
      reject(new NotSent(message));
    });
    request.end();
  });
}
