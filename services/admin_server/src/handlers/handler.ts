import type { Actor, Backend } from '@teamtalk/administration';
import type { ReplicaPool } from '@teamtalk/rpc';
import type { InputOf, ReplyOf } from '../api/definition.js';
import type { Api, OperationId } from '../api/index.js';
import type { Context } from '../context.js';

/** What a handler works with; its `pool` calls the store as the account that is logged in. */
export interface Call extends Backend, Omit<Context, 'pool'> {
  /** the store itself, for what needs no session */
  readonly replicas: ReplicaPool;
  /** SHA-256 of the session's token; empty without one */
  readonly session: Buffer;
  /** IP address of the caller */
  readonly address: string;
  readonly userAgent: string;
  readonly actor: Actor;
  newSession(): { token: string; hash: Buffer };
  /** Gives the browser the session. */
  keep(token: string): void;
  /** Takes the session from the browser. */
  forget(): void;
}

/** @throws Problem when the operation fails */
type Handler<Id extends OperationId> = (call: Call, input: InputOf<Api[Id]>) => Promise<ReplyOf<Api[Id]>>;

/** A handler for each operation. */
export type Handlers<Ids extends OperationId = OperationId> = { readonly [Id in Ids]: Handler<Id> };
