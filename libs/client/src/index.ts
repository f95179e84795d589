// The client SDK, used by bots, the command line, tests and load generators.
export { FileStorage } from './durable/file-storage.js';
export { type LocalSink, openFile, openSink } from './files/local-file.js';
export * from './index.browser.js';
export { type UploadOptions, uploadImage } from './upload-image.js';
