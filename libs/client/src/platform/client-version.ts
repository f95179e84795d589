/** Default of `clientVersion`. Browsers get client-version.browser.ts instead. */
export const defaultClientVersion = 'teamtalk-sdk';
