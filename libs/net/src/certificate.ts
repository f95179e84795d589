import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Kit, Logger } from '@teamtalk/service-kit';
import type { EntranceMetrics } from './metrics.js';
import type { TlsFiles } from './tls-config.js';

/** A certificate (the whole chain) and its key, PEM. */
export interface Certificate {
  cert: Buffer;
  key: Buffer;
}

interface CertificateFilesOptions extends TlsFiles {
  metrics: Pick<EntranceMetrics, 'certificateReloads'>;
  log: Logger;
}

/**
 * The server's certificate, kept as the files say. They are read again and again instead of watched:
 * mounted secrets are replaced by turning a symbolic link round, which watchers miss.
 */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  readonly #timer: NodeJS.Timeout;
  #current: Certificate;
  /** Of the files' last state, used or not: a broken one is reported once. */
  #seen: string;
  #reading: Promise<void> = Promise.resolve();
  /** Takes each certificate that comes in place of the first one. */
  onChange: (certificate: Certificate) => void = () => {};

  /** @throws Error when the files cannot be read or do not fit each other */
  static async open(options: CertificateFilesOptions): Promise<CertificateFiles> {
    const certificate = await read(options);
    check(certificate);
    return new CertificateFiles(options, certificate);
  }

  private constructor(options: CertificateFilesOptions, certificate: Certificate) {
    this.#options = options;
    this.#current = certificate;
    this.#seen = digestOf(certificate);
    this.#timer = setInterval(() => {
      this.#reading = this.#reading.then(() => this.#look());
    }, options.reloadMs);
  }

  get current(): Certificate {
    return this.#current;
  }

  /** When the certificate in use ends, Unix seconds. */
  get expires(): number {
    return expiryOf(this.#current);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  async #look(): Promise<void> {
    const { metrics, log, certFile } = this.#options;
    let digest = 'unreadable';
    try {
      const certificate = await read(this.#options);
      digest = digestOf(certificate);
      if (digest === this.#seen) return;
      check(certificate);
      this.onChange(certificate);
      this.#current = certificate;
      metrics.certificateReloads.inc({ outcome: 'ok' });
      log.info({ certFile, expires: new Date(expiryOf(certificate) * 1000) }, 'new TLS certificate');
    } catch (error) {
      if (digest === this.#seen) return;
      metrics.certificateReloads.inc({ outcome: 'refused' });
      log.error({ err: error, certFile }, 'the new TLS certificate is of no use; the old one stays');
    } finally {
      this.#seen = digest;
    }
  }
}

async function read({ certFile, keyFile }: CertificateFilesOptions): Promise<Certificate> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  return { cert, key };
}

/** @throws Error when certificate or key are no PEM, or not of one another */
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
 * The certificate a service shows, with a metric of when it ends; its files are looked at until the service
 * stops.
 * @returns undefined without files: no TLS
 * @throws Error when the files cannot be read or do not fit each other
 */
export async function openCertificate(
  files: TlsFiles | undefined,
  kit: Kit,
  metrics: Pick<EntranceMetrics, 'certificateReloads'>,
): Promise<CertificateFiles | undefined> {
  if (!files) return undefined;
  const certificate = await CertificateFiles.open({ ...files, metrics, log: kit.log });
  kit.life.onStop('certificate', () => certificate.stop());
  kit.metrics.gauge(
    'tls_certificate_expires_seconds',
    'When the TLS certificate ends, Unix time',
    () => certificate.expires,
  );
  return certificate;
}
