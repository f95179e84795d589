// Browsers get emitter.browser.ts instead (package.json, "browser").
export { EventEmitter } from 'node:events';
