/** Logs a failure that the user need not know about. @param what the subject of the log line, in the browser's console */
export function reportFailure(what: string): (error: unknown) => void {
  return (error) => console.warn(`${what} could not be loaded:`, error);
}
