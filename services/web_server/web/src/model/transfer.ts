/** A file that is being transferred or waits to be fetched. */
export interface FileTransfer {
  readonly key: string;
  /** the other user */
  readonly userId: number;
  readonly isOutgoing: boolean;
  /** as displayed and saved; never a path */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** transferred bytes */
  readonly done: number;
  /** `finished`: stored at the server for the other user, or in this browser */
  readonly state: 'offered' | 'running' | 'finished' | 'failed';
  /** The object URL of a received file. */
  readonly url?: string;
}
