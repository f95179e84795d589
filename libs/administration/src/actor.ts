/** Who makes a call, as recorded in the audit log. */
export interface Actor {
  /** `app NAME` or `console NAME`; `anybody` when the API needs no key */
  name: string;
  /** the user on whose behalf the call is made; 0: none */
  asUser: number;
  /** IP address */
  source: string;
}

/** Name of a caller without a key. */
export const anybody = 'anybody';
