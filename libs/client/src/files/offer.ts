import type { ServerAddress } from '../server-location.js';

/** A file that can be fetched: offered online now, or stored. */
export interface FileOffer {
  taskId: string;
  fromUserId: number;
  /** The sender's name for it. Never use it as a path. */
  name: string;
  /** bytes */
  size: number;
  /** Whether its sender is connected and waiting; otherwise the server stores it. */
  online: boolean;
  /** The file_servers, in the order to try them. */
  servers: ServerAddress[];
}
