/** What a banner says when it does not show a text. */
interface Phrases {
  message: string;
  audio: string;
  image: string;
  /** title where not even a name is shown */
  app: string;
  /** text of a test push */
  test: string;
}

const phrases = {
  zh: {
    message: '发来一条消息',
    audio: '[语音]',
    image: '[图片]',
    app: '新消息',
    test: '这是一条测试推送。',
  },
  en: {
    message: 'New message',
    audio: '[Voice message]',
    image: '[Image]',
    app: 'New message',
    test: 'This is a test notification.',
  },
} as const satisfies Record<string, Phrases>;

/** @param locale BCP 47; empty or unknown: Chinese, as the original's clients are */
export function languageOf(locale: string): keyof typeof phrases {
  return locale === '' || locale.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** @param locale as of `languageOf` */
export function phrasesFor(locale: string): Phrases {
  return phrases[languageOf(locale)];
}
