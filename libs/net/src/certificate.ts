import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { every, type Kit, type Logger } from '@teamtalk/service-kit';
import type { ListenerMetrics } from './metrics.js';
import type { TlsFiles } from './tls-config.js';

/** A certificate (the whole chain) and its key, PEM. */
export interface Certificate {
  cert: Buffer;
  key: Buffer;
}

interface CertificateFilesOptions extends TlsFiles {
  metrics: Pick<ListenerMetrics, 'certificateReloads'>;
  log: Logger;
}

/**
 * The server's certificate, reloaded when its files change. The files are polled instead of watched: mounted secrets
 * are replaced by swapping a symbolic link, which watchers miss.
 */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  readonly #stopReloading: () => Promise<void>;
  #current: Certificate;
  /** Digest of the files as last read, whether usable or not, so that a broken state is reported once. */
  #seen: string;
  readonly #listeners: ((certificate: Certificate) => void)[] = [];

  /** @throws Error when the files cannot be read or do not match */
  static async open(options: CertificateFilesOptions): Promise<CertificateFiles> {
    const certificate = await read(options);
    check(certificate);
    return new CertificateFiles(options, certificate);
  }

  private constructor(options: CertificateFilesOptions, certificate: Certificate) {
    this.#options = options;
    this.#current = certificate;
    this.#seen = digestOf(certificate);
    this.#stopReloading = every(options.reloadMs, () => this.#reload());
  }

  get current(): Certificate {
    return this.#current;
  }

  /** Calls `listener` with each new certificate after the current one. */
  onChange(listener: (certificate: Certificate) => void): void {
    this.#listeners.push(listener);
  }

  /** Expiry of the certificate in use, Unix seconds. */
  get expires(): number {
    return expiryOf(this.#current);
  }

  async stop(): Promise<void> {
    await this.#stopReloading();
  }

  async #reload(): Promise<void> {
    const { metrics, log, certFile } = this.#options;
    let digest = 'unreadable';
    try {
      const certificate = await read(this.#options);
      digest = digestOf(certificate);
      if (digest === this.#seen) return;
      check(certificate);
      for (const listener of this.#listeners) listener(certificate);
      this.#current = certificate;
      metrics.certificateReloads.inc({ outcome: 'ok' });
      log.info({ certFile, expires: new Date(expiryOf(certificate) * 1000) }, 'TLS certificate reloaded');
    } catch (error) {
      if (digest === this.#seen) return;
      metrics.certificateReloads.inc({ outcome: 'refused' });
      log.error({ err: error, certFile }, 'reloading TLS certificate failed; keeping the old one');
    } finally {
      this.#seen = digest;
    }
  }
}

async function read({ certFile, keyFile }: CertificateFilesOptions): Promise<Certificate> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  return { cert, key };
}

/** @throws Error when certificate or key are not PEM, or do not match */
function check(certificate: Certificate): void {
  createSecureContext(certificate);
}

function digestOf({ cert, key }: Certificate): string {
  return createHash('sha256').update(cert).update('\0').update(key).digest('hex');
}

/** Unix seconds */
function expiryOf({ cert }: Certificate): number {
  return Math.floor(Date.parse(new X509Certificate(cert).validTo) / 1000);
}

/**
 * Loads the certificate of a service, with a metric of its expiry; its files are polled until the service stops.
 * @returns undefined without files: no TLS
 * @throws Error when the files cannot be read or do not match
 */
export async function openCertificate(
  files: TlsFiles | undefined,
  kit: Kit,
  metrics: Pick<ListenerMetrics, 'certificateReloads'>,
): Promise<CertificateFiles | undefined> {
  if (!files) return undefined;
  const certificate = await CertificateFiles.open({ ...files, metrics, log: kit.log });
  kit.life.onStop('certificate', () => certificate.stop());
  kit.metrics.gauge(
    'tls_certificate_expires_seconds',
    'Expiry of the TLS certificate, Unix time',
    () => certificate.expires,
  );
  return certificate;
}
