import type { ServerAddress } from '../server-location.js';

/** A file that can be fetched: one that is offered this moment, or one that waits. */
export interface FileOffer {
  taskId: string;
  fromUserId: number;
  /** What the sender calls it. Never to be taken for a path. */
  name: string;
  /** bytes */
  size: number;
  /** Whether its sender is there and waits for us; otherwise it is kept for us. */
  online: boolean;
  /** The file_servers, in the order in which they are to be tried. */
  servers: ServerAddress[];
}
