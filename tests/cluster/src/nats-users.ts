import { natsAuthorization } from '@teamtalk/bus';

/** Password of the users that services have at the NATS servers of tests. */
export const natsPassword = 'service';

/**
 * Lines of a NATS server's configuration: a user for each service with the permissions it has in an installation, whatever
 * the prefix. Who shows no credentials, as tests do, may do everything.
 */
export const natsUsers: readonly string[] = [
  natsAuthorization('*', () => JSON.stringify(natsPassword), ['{ user: any, password: any }']),
  'no_auth_user: any',
];

/** What a LocalInfrastructure is told of them. */
export const withUsers = { natsSettings: natsUsers, servicePassword: natsPassword } as const;
