/** A file that is generated from the services' own descriptions. */
export interface Page {
  /** relative to the top of the repository */
  readonly file: string;
  readonly text: string;
}
