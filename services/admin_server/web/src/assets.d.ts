/** The text of the file. */
declare module '*.md?raw' {
  const text: string;
  export default text;
}
/** The URL that the build assigns to the file. */
declare module '*.svg' {
  const url: string;
  export default url;
}
