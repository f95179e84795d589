/** The address the build gives it. */
declare module '*.svg' {
  const url: string;
  export default url;
}
