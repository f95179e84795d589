/** The phrases that old clients show as pictures of their own, each with the symbol that is nearest to it. */
export const phrases: ReadonlyMap<string, string> = new Map([
  ['[牙牙撒花]', '🎉'],
  ['[牙牙尴尬]', '😅'],
  ['[牙牙大笑]', '😆'],
  ['[牙牙组团]', '👯'],
  ['[牙牙凄凉]', '🍂'],
  ['[牙牙吐血]', '🤮'],
  ['[牙牙花痴]', '😍'],
  ['[牙牙疑问]', '❓'],
  ['[牙牙爱心]', '❤️'],
  ['[牙牙害羞]', '😊'],
  ['[牙牙牙买碟]', '💿'],
  ['[牙牙亲一下]', '😘'],
  ['[牙牙大哭]', '😭'],
  ['[牙牙愤怒]', '😡'],
  ['[牙牙挖鼻屎]', '😏'],
  ['[牙牙嘻嘻]', '😁'],
  ['[牙牙漂漂]', '💃'],
  ['[牙牙冰冻]', '🥶'],
  ['[牙牙傲娇]', '😤'],
]);

export const emoji: readonly string[] = [
  ...'😀😄😁😆😅😂🙂😉😊😇😍😘😋😜🤔😐🙄😏😌😴😷😎😕😟😮😳😢😭😱😡😤👍👎👌✌👏🙏💪🤝👋🎉🎂🌹❤💔⭐🔥✅❌❓',
];
