// In browsers emitter.browser.ts takes its place (package.json, "browser").
export { EventEmitter } from 'node:events';
