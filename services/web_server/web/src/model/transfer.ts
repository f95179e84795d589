/** A file that is on its way, or waits to be fetched. */
export interface FileTransfer {
  readonly key: string;
  /** the other side */
  readonly userId: number;
  readonly isOutgoing: boolean;
  /** as shown and saved: never a path */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** bytes that have been transferred */
  readonly done: number;
  /** `finished`: stored for the other side, or here */
  readonly state: 'offered' | 'running' | 'finished' | 'failed';
  /** Of a file that has been fetched. */
  readonly url?: string;
}
