/** Contains this package's version. The prefix `web/` makes the login a web session, which does not kick PC clients. */
export const defaultClientVersion = 'web/0.1.0';
