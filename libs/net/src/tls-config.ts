import { ConfigError, type EnvValues, env } from '@teamtalk/service-kit';

/** Variables of a server that can speak TLS to clients. */
export const tlsEnv = {
  TLS_CERT_FILE: env.optionalString(
    'PEM file of the TLS certificate with its chain; set with TLS_KEY_FILE, the ports for clients speak TLS. The files are reloaded when they change',
  ),
  TLS_KEY_FILE: env.optionalString('PEM file of the key of the TLS certificate'),
  TLS_RELOAD_MS: env.integer(
    10_000,
    10,
    86_400_000,
    'Interval at which the files of the TLS certificate are checked for changes, ms',
  ),
};

export interface TlsFiles {
  certFile: string;
  keyFile: string;
  /** Interval at which the files are checked for changes, milliseconds. */
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
