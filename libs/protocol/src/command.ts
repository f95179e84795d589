/** Who sends a command to whom. `both`: clients and servers, to one another. */
export type Direction = 'client-to-server' | 'server-to-client' | 'both' | 'between-servers';

/** Part of a protobuf writer that a message type needs to know: it passes it on. */
type Writer = import('protobufjs/minimal.js').Writer;

/**
 * A generated message type: `M` is what decoding gives, `P` what encoding takes (the type's `$Properties`).
 */
export interface MessageType<M extends object, P extends object> {
  decode(body: Uint8Array): M;
  encode(message: P, writer?: Writer): Writer;
}

/** A row of the command table. */
export interface Command<M extends object, P extends object> {
  /** `command_id` in the header. */
  readonly id: number;
  /** `service_id` in the header: the command id's high byte. */
  readonly serviceId: number;
  /** The enum member of the schema, `CID_MSG_DATA`. */
  readonly name: string;
  /** Full name of the message in the body, `IM.Message.IMMsgData`. */
  readonly message: string;
  readonly type: MessageType<M, P>;
  readonly direction: Direction;
}

/** A command of which only the number is known: its body can be decoded, nothing can be encoded for it. */
export type AnyCommand = Command<object, never>;

/** What decoding a command's body gives: `MessageOf<typeof Commands.MsgData>`. */
export type MessageOf<C> = C extends Command<infer M, never> ? M : never;

/** What is given to encode a command's body: `PropertiesOf<typeof Commands.MsgData>`. */
export type PropertiesOf<C> = C extends Command<object, infer P> ? P : never;
