import type { TextCodec } from '@teamtalk/protocol';
import type { MessageAppender } from '@teamtalk/rpc';

/** What handlers may use. */
export interface Context {
  /** of this process; with an entry's ticket it makes a message's trace id */
  readonly instance: number;
  readonly appender: MessageAppender;
  readonly textCodec: TextCodec;
  /** bytes of the largest message, encrypted */
  readonly maxMessageBytes: number;
}
