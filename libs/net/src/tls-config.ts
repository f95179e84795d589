import { ConfigError, type EnvValues, env } from '@teamtalk/service-kit';

/** The variables of a server that can speak TLS to clients. */
export const tlsEnv = {
  TLS_CERT_FILE: env.optionalString(
    'PEM file of the TLS certificate with its chain; set with TLS_KEY_FILE, the ports for clients speak TLS. The files are read again when they change',
  ),
  TLS_KEY_FILE: env.optionalString('PEM file of the key of the TLS certificate'),
  TLS_RELOAD_MS: env.integer(
    10_000,
    10,
    86_400_000,
    'Time between two looks at the files of the TLS certificate, ms',
  ),
};

export interface TlsFiles {
  certFile: string;
  keyFile: string;
  /** Milliseconds between two looks at the files. */
  reloadMs: number;
}

/**
 * @returns undefined: no TLS
 * @throws ConfigError when only one of the two files is given
 */
export function tlsFiles(values: EnvValues<typeof tlsEnv>): TlsFiles | undefined {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = values;
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined) throw new ConfigError(['TLS_CERT_FILE: is required with TLS_KEY_FILE']);
  if (keyFile === undefined) throw new ConfigError(['TLS_KEY_FILE: is required with TLS_CERT_FILE']);
  return { certFile, keyFile, reloadMs: values.TLS_RELOAD_MS };
}
