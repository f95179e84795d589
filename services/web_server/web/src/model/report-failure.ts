/** What is done with a failure of which the user need not know. @param what the subject of the sentence in the browser's console */
export function reportFailure(what: string): (error: unknown) => void {
  return (error) => console.warn(`${what} could not be loaded:`, error);
}
