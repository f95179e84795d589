/** The URL that the build assigns to the file. */
declare module '*.svg' {
  const url: string;
  export default url;
}
