/** A file that is made from what the services say. */
export interface Page {
  /** from the top of the repository */
  readonly file: string;
  readonly text: string;
}
