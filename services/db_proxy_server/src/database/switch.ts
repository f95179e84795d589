/** Whether a number from the wire is a valid switch: 0 off, 1 on. */
export function isSwitch(status: number): boolean {
  return status === 0 || status === 1;
}
