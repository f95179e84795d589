import { ConfigError, type EnvValues, env } from '@teamtalk/service-kit';

/** Variables of every service that stores files. Services that share files need the same values. */
export const storageEnv = {
  STORAGE: env.choice(['local', 's3'], 'local', 'Where files are kept: in a folder, or in an S3 bucket'),
  STORAGE_DIR: env.string(
    '.data/storage',
    'With STORAGE=local the folder; replicas share it. Relative to where the service was started',
  ),
  STORAGE_TIMEOUT_MS: env.integer(
    10_000,
    10,
    600_000,
    'Longest time the storage may take to answer, the carrying of content aside, ms',
  ),
  S3_ENDPOINT: env.url('', ['http:', 'https:'], 'URL of the S3-compatible store; Amazon’s when unset'),
  S3_BUCKET: env.optionalString('The bucket; needed with STORAGE=s3. It must exist'),
  S3_REGION: env.string('us-east-1', 'Region of the bucket'),
  S3_PATH_STYLE: env.boolean(true, 'Whether the bucket is in the path of requests, not in the host name'),
  S3_ACCESS_KEY_ID: env.optionalString(
    'Access key; when neither this nor S3_ACCESS_KEY_ID_FILE is set, the role of the machine or pod is used',
  ),
  S3_SECRET_ACCESS_KEY: env.optionalString('The access key’s secret'),
  S3_ACCESS_KEY_ID_FILE: env.optionalString('File that holds the access key, as Kubernetes mounts secrets'),
  S3_SECRET_ACCESS_KEY_FILE: env.optionalString('File that holds the access key’s secret'),
};

export interface S3Config {
  /** undefined: Amazon's */
  endpoint: string | undefined;
  bucket: string;
  region: string;
  pathStyle: boolean;
  accessKeyId: string | undefined;
  secretAccessKey: string | undefined;
  accessKeyIdFile: string | undefined;
  secretAccessKeyFile: string | undefined;
}

/** Where files are kept. */
export type StorageConfig = { timeoutMs: number } & (
  | { kind: 'local'; folder: string }
  | ({ kind: 's3' } & S3Config)
);

/** @throws ConfigError where variables that need each other are not all there */
export function storageConfig(values: EnvValues<typeof storageEnv>): StorageConfig {
  const timeoutMs = values.STORAGE_TIMEOUT_MS;
  if (values.STORAGE === 'local') return { kind: 'local', folder: values.STORAGE_DIR, timeoutMs };
  const problems: string[] = [];
  const together = (one: keyof typeof storageEnv, other: keyof typeof storageEnv) => {
    if (values[one] !== undefined && values[other] === undefined) {
      problems.push(`${other}: is required with ${one}`);
    }
  };
  if (values.S3_BUCKET === undefined) problems.push('S3_BUCKET: is required with STORAGE=s3');
  together('S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY');
  together('S3_SECRET_ACCESS_KEY', 'S3_ACCESS_KEY_ID');
  together('S3_ACCESS_KEY_ID_FILE', 'S3_SECRET_ACCESS_KEY_FILE');
  together('S3_SECRET_ACCESS_KEY_FILE', 'S3_ACCESS_KEY_ID_FILE');
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    kind: 's3',
    timeoutMs,
    endpoint: values.S3_ENDPOINT || undefined,
    bucket: values.S3_BUCKET!,
    region: values.S3_REGION,
    pathStyle: values.S3_PATH_STYLE,
    accessKeyId: values.S3_ACCESS_KEY_ID,
    secretAccessKey: values.S3_SECRET_ACCESS_KEY,
    accessKeyIdFile: values.S3_ACCESS_KEY_ID_FILE,
    secretAccessKeyFile: values.S3_SECRET_ACCESS_KEY_FILE,
  };
}
