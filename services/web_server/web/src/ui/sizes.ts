import { t } from '../i18n/index.js';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** A file size in a suitable unit. */
export function sizeText(bytes: number): string {
  const step = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(t.value.locale, {
    style: 'unit',
    unit: units[step],
    unitDisplay: 'short',
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(bytes / 1000 ** step);
}
