import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';

/** Self-signed certificates for `localhost`, whose names are `first.test` and `second.test`. */
export function certificateFiles(name: 'first' | 'second'): { certFile: string; keyFile: string } {
  // The files exist only in src, even when this code runs from dist.
  const file = (kind: string) =>
    fileURLToPath(new URL(`../src/certificates/${name}.${kind}.pem`, import.meta.url));
  return { certFile: file('cert'), keyFile: file('key') };
}

/** Variables with which a service speaks TLS to clients. */
export const tlsEnv = {
  TLS_CERT_FILE: certificateFiles('first').certFile,
  TLS_KEY_FILE: certificateFiles('first').keyFile,
};

/**
 * Sends an HTTPS request to a server that uses the first certificate.
 * @param body undefined: a GET request
 * @throws Error when the server presents another certificate, or none
 */
export async function callByTls(
  port: number,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: Buffer | string } = {},
): Promise<{ status: number; text: string }> {
  const call = request({
    host: '127.0.0.1',
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, host: `localhost:${port}` },
    servername: 'localhost',
    ca: readFileSync(tlsEnv.TLS_CERT_FILE),
    agent: false,
  });
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}
