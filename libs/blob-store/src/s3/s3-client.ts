import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { S3Config } from '../env.js';

const maxSockets = 128;
/** Keys in files are reread after this time, so that they can be rotated without a restart. */
const credentialMs = 300_000;
/** Socket inactivity timeout, ms; generous, because a slow download also stalls the connection to the store. */
const idleMs = 120_000;
/** Failures are reported as errors; the client must not also write to the console. */
const noLog = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** A client for any S3-compatible store. */
export function createS3Client(config: S3Config, timeoutMs: number): S3Client {
  const agentOptions = { keepAlive: true, maxSockets };
  return new S3Client({
    endpoint: config.endpoint,
    region: config.region,
    forcePathStyle: config.pathStyle,
    credentials: credentialsOf(config),
    maxAttempts: 3,
    logger: noLog,
    // Not every S3-compatible store supports the checksums that the client adds by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: Math.min(timeoutMs, 5_000),
      socketTimeout: Math.max(idleMs, timeoutMs),
      httpAgent: new HttpAgent(agentOptions),
      httpsAgent: new HttpsAgent(agentOptions),
    }),
  });
}

/** undefined: the client's default credential chain, such as the role of the machine or pod. */
function credentialsOf({ accessKeyId, secretAccessKey, accessKeyIdFile, secretAccessKeyFile }: S3Config) {
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  if (!accessKeyIdFile || !secretAccessKeyFile) return undefined;
  return async () => ({
    accessKeyId: (await readFile(accessKeyIdFile, 'utf8')).trim(),
    secretAccessKey: (await readFile(secretAccessKeyFile, 'utf8')).trim(),
    expiration: new Date(Date.now() + credentialMs),
  });
}
