/** Waits so many milliseconds. In browsers pause.browser.ts takes its place. */
export { setTimeout as pause } from 'node:timers/promises';
