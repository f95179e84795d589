import type { ComponentChildren } from 'preact';
import { language, t } from '../text/text.js';

interface FigureProps {
  readonly name: string;
  /** null: not known */
  readonly value: string | null;
  /** a chart */
  readonly children?: ComponentChildren;
}

export function Figure({ name, value, children }: FigureProps) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {value ?? <span class="quiet small">{t('activity.unknown')}</span>}
        {children}
      </dd>
    </div>
  );
}

/** A rate with one decimal as long as it is small. */
export function rateText(perSecond: number | null): string | null {
  if (perSecond === null) return null;
  const maximumFractionDigits = perSecond < 10 ? 1 : 0;
  return new Intl.NumberFormat(language.value, { maximumFractionDigits }).format(perSecond);
}

/** A duration in the unit that suits it. */
export function durationText(seconds: number | null): string | null {
  if (seconds === null) return null;
  const [value, unit] =
    seconds < 1
      ? ([seconds * 1000, 'millisecond'] as const)
      : seconds < 120
        ? ([seconds, 'second'] as const)
        : seconds < 7200
          ? ([seconds / 60, 'minute'] as const)
          : seconds < 172_800
            ? ([seconds / 3600, 'hour'] as const)
            : ([seconds / 86_400, 'day'] as const);
  const maximumFractionDigits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(language.value, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits,
  }).format(value);
}
