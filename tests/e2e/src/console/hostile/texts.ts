/** Texts that have an effect if a page treats them as markup, as code or as an address. A script in one of them sets `hit`. */
const hostile: readonly ((max: number) => string)[] = [
  () => '<script>hit=1</script>',
  () => '<img src=x onerror=hit=1>',
  () => '"><svg onload=hit=1>',
  () => "';hit=1;//",
  () => '{{constructor("hit=1")()}}',
  () => '$' + '{hit=1}',
  () => '<a href=javascript:hit=1>',
  () => 'javascript:hit=1//',
  () => 'data:text/html,<b>hit',
  () => '</textarea></title><b>hit',
  () => '\u202Etxt.exe hit',
  () => '👨‍👩‍👧‍👦𠜎🏴 hit',
  (max) => 'W'.repeat(max),
];

export const hostileCount = hostile.length;

let made = 0;

/** A hostile text of at most `max` characters that no other one equals. */
export function hostileText(which: number, max: number): string {
  const mark = ` #${(++made).toString(36)}`;
  return (hostile[which]?.(max - mark.length) ?? '').slice(0, max - mark.length) + mark;
}

/** Half of a surrogate pair, which is no character. */
export const brokenText = 'x\uD800x';
