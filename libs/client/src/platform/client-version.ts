/** What a client says it is, unless told otherwise. In browsers client-version.browser.ts takes its place. */
export const defaultClientVersion = 'teamtalk-sdk';
