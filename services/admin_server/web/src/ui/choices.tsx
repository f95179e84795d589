import { choose, type Language, language, languages, t } from '../text/text.js';
import { Select } from './form.js';
import { type Theme, theme, themes } from './theme.js';

export function LanguageAndTheme() {
  return (
    <div class="choices">
      <Select
        name="language"
        label={t('language')}
        value={language.value}
        options={Object.entries(languages).map(([value, label]) => ({ value, label }))}
        onChange={(wanted) => choose(wanted as Language)}
      />
      <Select
        name="theme"
        label={t('theme')}
        value={theme.value}
        options={themes.map((value) => ({ value, label: t(`theme.${value}`) }))}
        onChange={(wanted) => {
          theme.value = wanted as Theme;
        }}
      />
    </div>
  );
}
