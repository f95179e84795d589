import { env, readEnv } from '@teamtalk/service-kit';
import type { Grants } from './grants.js';

/** Variables of whoever migrates: which roles of PostgreSQL get access besides the owner. */
const grantsEnv = {
  GRANT_TO: env.optionalString('Role of db_proxy_server, which may read and write rows and nothing else'),
  GRANT_TO_PASSWORD: env.optionalString(
    'Password with which GRANT_TO is made, if it does not exist and DATABASE_URL’s role may make roles',
  ),
  GRANT_READ_TO: env.optionalString('Role of backups, which may read everything'),
  GRANT_READ_TO_PASSWORD: env.optionalString('As GRANT_TO_PASSWORD, for GRANT_READ_TO'),
};

/** @throws ConfigError when a variable is not valid */
export function readGrants(variables: NodeJS.ProcessEnv): Grants {
  const values = readEnv(grantsEnv, variables);
  const { GRANT_TO: write, GRANT_READ_TO: read } = values;
  return {
    ...(write && { write: { name: write, password: values.GRANT_TO_PASSWORD } }),
    ...(read && { read: { name: read, password: values.GRANT_READ_TO_PASSWORD } }),
  };
}
