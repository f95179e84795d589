import type { Actor, Backend } from '@teamtalk/administration';
import type { ReplicaPool } from '@teamtalk/rpc';
import type { InputOf, ReplyOf } from '../api/definition.js';
import type { Api, OperationId } from '../api/index.js';
import type { Context } from '../context.js';

/** The context of a call. Its `pool` calls the store on behalf of the logged-in account. */
export interface Call extends Backend, Omit<Context, 'pool'> {
  /** calls the store without a session */
  readonly replicas: ReplicaPool;
  /** SHA-256 of the session's token; empty without one */
  readonly session: Buffer;
  /** IP address of the caller */
  readonly address: string;
  readonly userAgent: string;
  readonly actor: Actor;
  newSession(): { token: string; hash: Buffer };
  /** Sets the session cookie. */
  keep(token: string): void;
  /** Clears the session cookie. */
  forget(): void;
}

/** @throws Problem when the operation fails */
type Handler<Id extends OperationId> = (call: Call, input: InputOf<Api[Id]>) => Promise<ReplyOf<Api[Id]>>;

/** The handlers of these operations. */
export type Handlers<Ids extends OperationId = OperationId> = { readonly [Id in Ids]: Handler<Id> };
