// TeamTalk's client protocol as pure computation: frames, commands, bodies, message texts. No I/O.
export { IM } from '../gen/client.js';
export { type ClientClass, clientClassOf, displacedOf } from './client-class.js';
export type { AnyCommand, Command, Direction, MessageOf, MessageType, PropertiesOf } from './command.js';
export { Commands } from './command-table.js';
export { allCommands, commandById, commandByMessage, commandsOfService, serviceIdOf } from './commands.js';
export { FramingError, type FramingErrorReason, PduDecoder } from './decoder.js';
export { DeliveryOrder, deliveryFault } from './delivery-order.js';
export {
  ANDROID_FRAME_LIMIT,
  FILE_SERVER_FRAME_LIMIT,
  HEADER_LENGTH,
  type HeaderFields,
  isOnePdu,
  MSG_SERVER_FRAME_LIMIT,
  type PduHeader,
  readHeader,
  VERSION,
  writeHeader,
} from './header.js';
export { IMAGE_PREFIX, IMAGE_SUFFIX, imageText, imageUrlsIn, replaceImages } from './image-text.js';
export { type ListField, limitList } from './list-limit.js';
export {
  ClientType,
  isAudioMessageType,
  isGroupMessageType,
  isKnownClientType,
  isKnownMessageType,
  isMobileClient,
  isPcClient,
  isTextMessageType,
  MsgType,
  sessionTypeOf,
} from './message-types.js';
export {
  BodyError,
  decodeBody,
  encodePdu,
  encodePduStart,
  encodeRawPdu,
  type Pdu,
  type PduFrame,
  withSeqNum,
} from './pdu.js';
export {
  createTextCodec,
  DEFAULT_TEXT_KEY,
  type TextCodec,
  TextError,
  type TextErrorReason,
} from './text-codec.js';
