import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { S3Config } from '../env.js';

const maxSockets = 128;
/** Keys in files are read again after this time, so that they can be changed without a restart. */
const credentialMs = 300_000;
/** A connection on which nothing moves for so long, ms: whoever downloads slowly holds it up, too. */
const idleMs = 120_000;
/** What fails is told by the errors; the client would write to the console besides. */
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
    // Not every S3-compatible store knows the checksums that the client otherwise adds.
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

/** undefined: what the client finds by itself, such as the role of the machine or of the pod. */
function credentialsOf({ accessKeyId, secretAccessKey, accessKeyIdFile, secretAccessKeyFile }: S3Config) {
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  if (!accessKeyIdFile || !secretAccessKeyFile) return undefined;
  return async () => ({
    accessKeyId: (await readFile(accessKeyIdFile, 'utf8')).trim(),
    secretAccessKey: (await readFile(secretAccessKeyFile, 'utf8')).trim(),
    expiration: new Date(Date.now() + credentialMs),
  });
}
