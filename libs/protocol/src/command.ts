/** Who sends a command to whom. `both`: clients to servers and servers to clients. */
export type Direction = 'client-to-server' | 'server-to-client' | 'both' | 'between-servers';

/** The part of a protobuf writer that generated types mention. */
type Writer = import('protobufjs/minimal.js').Writer;

/**
 * A generated message type: `M` is the result of decoding, `P` the input of encoding (the type's `$Properties`).
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

/** A command known by its number only: its body can be decoded but not encoded. */
export type AnyCommand = Command<object, never>;

/** The type of a command's decoded body: `MessageOf<typeof Commands.MsgData>`. */
export type MessageOf<C> = C extends Command<infer M, never> ? M : never;

/** The input type for encoding a command's body: `PropertiesOf<typeof Commands.MsgData>`. */
export type PropertiesOf<C> = C extends Command<object, infer P> ? P : never;
