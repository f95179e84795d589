import { fileURLToPath } from 'node:url';

/** Self-signed certificates for `localhost`, whose names are `first.test` and `second.test`. */
export function certificateFiles(name: 'first' | 'second'): { certFile: string; keyFile: string } {
  const file = (kind: string) => fileURLToPath(new URL(`certificates/${name}.${kind}.pem`, import.meta.url));
  return { certFile: file('cert'), keyFile: file('key') };
}

/** Variables with which a service speaks TLS to clients. */
export const tlsEnv = {
  TLS_CERT_FILE: certificateFiles('first').certFile,
  TLS_KEY_FILE: certificateFiles('first').keyFile,
};
