import type { AnyCommand, Command } from '@teamtalk/protocol';
import { type Expected, expectMatch } from './match.js';
import type { OnOriginal } from './original.js';
import type { Peer } from './peer.js';
import type { RequirementId } from './requirements.js';
import type { Need } from './target.js';
import type { PeerSpec, Role, World } from './world.js';

/**
 * What a case shows: a command works, a command is refused where it must be, a defect of the original is fixed, or a
 * habit of an old client is supported.
 */
type Kind = 'success' | 'refusal' | 'fix' | 'client habit';

/** One row of the table. */
export interface Case {
  /** Unique, and searched by `--filter`: `groups/add by an outsider`. */
  readonly name: string;
  /** The commands it covers, the main one first. */
  readonly commands: readonly AnyCommand[];
  readonly is: readonly Kind[];
  readonly proves: readonly RequirementId[];
  readonly needs: readonly Need[];
  /** Known differences, besides those in `proves`, for which it fails on an original server; empty: it passes there. */
  readonly onOriginal: OnOriginal;
  run(world: World): Promise<void>;
}

type Given = Readonly<Record<string, PeerSpec>>;
type Peers<G extends Given> = { readonly [K in keyof G]: Peer };

interface Description<G extends Given> {
  name: string;
  commands: readonly AnyCommand[];
  is: Kind | readonly Kind[];
  proves?: readonly RequirementId[];
  needs?: readonly Need[];
  /** as `Case.onOriginal`; by default empty */
  onOriginal?: OnOriginal;
  /** clients that are logged in when it begins, in the order of their logins */
  given: G;
}

/** A case as a function. */
export function script<const G extends Given>(
  description: Description<G> & { run(peers: Peers<G>, world: World): Promise<void> },
): Case {
  const { name, commands, is, proves = [], needs = [], onOriginal = [], given, run } = description;
  return {
    name,
    commands,
    is: typeof is === 'string' ? [is] : is,
    proves,
    needs,
    onOriginal,
    run: async (world) => {
      const peers: Record<string, Peer> = {};
      for (const [key, spec] of Object.entries(given)) peers[key] = await world.connect(spec);
      await run(peers as Peers<G>, world);
    },
  };
}

/** A PDU as data: the command, and the fields that are given or checked. */
interface Sent {
  command: Command<object, never>;
  send(peer: Peer): number;
}
interface Received {
  command: Command<object, never>;
  get(peer: Peer, seqNum: number): Promise<unknown>;
}

/** A PDU that a client sends. */
export function pdu<P extends object>(command: Command<object, P>, body: NoInfer<P>): Sent {
  return { command, send: (peer) => peer.send(command, body) };
}

/** The answer to the PDU that was sent. */
export function answer<M extends object>(
  command: Command<M, never>,
  expected: NoInfer<Expected<M>>,
): Received {
  return { command, get: (peer, seqNum) => peer.answer(command, seqNum, expected) };
}

/** A PDU the server sends unasked. */
export function push<M extends object>(command: Command<M, never>, expected: NoInfer<Expected<M>>): Received {
  return {
    command,
    get: async (peer) => expectMatch(await peer.get(command, expected), expected, command.name),
  };
}

/** A case as data: one PDU in, and exactly these PDUs out on these connections. */
export function exchange<const G extends Given>(
  description: Description<G> & {
    /** who sends it */
    from: NoInfer<keyof G & string>;
    send(ids: Record<Role, number>, world: World): Sent;
    /** what each connection gets, in this order; connections left out get nothing */
    receive(ids: Record<Role, number>, world: World): { readonly [K in keyof G]?: readonly Received[] };
  },
): Case {
  const { from, send, receive, ...rest } = description;
  return script({
    ...rest,
    run: async (peers, world) => {
      const all: Readonly<Record<string, Peer>> = peers;
      const sender = all[from]!;
      const expected: Readonly<Record<string, readonly Received[] | undefined>> = receive(world.ids, world);
      const seqNum = send(world.ids, world).send(sender);
      for (const [key, list] of Object.entries(expected)) {
        for (const each of list ?? []) await each.get(all[key]!, seqNum);
      }
      await sender.probe();
      await world.fence(sender, ...Object.values(all).filter((peer) => peer !== sender));
      for (const peer of Object.values(all)) peer.expectNothingMore();
    },
  });
}
