// The part of the client SDK that works in browsers. index.ts has the rest.
export {
  ClientType,
  type Command,
  Commands,
  DEFAULT_TEXT_KEY,
  IM,
  imageText,
  imageUrlsIn,
  MsgType,
  type Pdu,
  replaceImages,
  TextError,
} from '@teamtalk/protocol';
export type { BackOff } from './back-off.js';
export { TeamTalkClient } from './client.js';
export { DurableOutbox, type OutboxEvents } from './durable/durable-outbox.js';
export { MemoryStorage, type OutboxStorage, type StoredMessage } from './durable/storage.js';
export {
  ClientError,
  type ClientErrorCode,
  DeadlineExceeded,
  Kicked,
  LoginRefused,
  Refused,
} from './errors.js';
export { BlobSink, blobSource } from './files/blob-file.js';
export { offlineFiles } from './files/file-offer.js';
export type { FileOffer } from './files/offer.js';
export type { TransferOptions } from './files/persistence.js';
export { type FileSink, receiveFile, refuseFile } from './files/receive-file.js';
export { type FileSource, type SendFileOptions, type SentFile, sendFile } from './files/send-file.js';
export type { Groups } from './groups.js';
export type { Login, Logins } from './logins.js';
export type { Message } from './message.js';
export type { ClientOptions, Credentials, SendOptions } from './options.js';
export type { SentMessage } from './outbox.js';
export { type PageUploadOptions, uploadImage } from './page-upload.js';
export { md5Hex } from './platform/md5.js';
export type { ClientEvents, GroupChange, HistoryPage, Requests } from './requests.js';
export type { FileServerUrl, ServerLocation } from './server-location.js';
export type { Session } from './session.js';
export type { Settings } from './settings.js';
export type { TlsOptions } from './transport/transport.js';
export type { UploadedImage } from './uploaded-image.js';
