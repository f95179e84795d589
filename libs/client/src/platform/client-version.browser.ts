/** With the version of this package. `web/` at its beginning makes it a web session, which kicks no PC client. */
export const defaultClientVersion = 'web/0.1.0';
