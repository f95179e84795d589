/** Whether a number of the wire is one of the two a switch can have: 0 off, 1 on. */
export function isSwitch(status: number): boolean {
  return status === 0 || status === 1;
}
