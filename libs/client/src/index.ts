// The client SDK, used by bots, the command line, tests and load generators.
export type { BackOff } from './back-off.js';
export { TeamTalkClient } from './client.js';
export { ClientError, type ClientErrorCode, DeadlineExceeded, Kicked, LoginRefused } from './errors.js';
export { offlineFiles } from './files/file-offer.js';
export { type LocalSink, openFile, openSink } from './files/local-file.js';
export type { FileOffer } from './files/offer.js';
export type { TransferOptions } from './files/persistence.js';
export { type FileSink, receiveFile, refuseFile } from './files/receive-file.js';
export { type FileSource, type SendFileOptions, type SentFile, sendFile } from './files/send-file.js';
export type { Message } from './message.js';
export type { ClientOptions, Credentials, SendOptions } from './options.js';
export type { SentMessage } from './outbox.js';
export type { ClientEvents, HistoryPage } from './requests.js';
export type { ServerLocation } from './server-location.js';
export type { Session } from './session.js';
export { type UploadedImage, type UploadOptions, uploadImage } from './upload-image.js';
