/** Waits for a number of milliseconds. Browsers get pause.browser.ts instead. */
export { setTimeout as pause } from 'node:timers/promises';
