import type { Option } from 'commander';

/** How help describes an option: its default as it would be typed, and none where the default is to do without. */
export function optionDescription({ description, defaultValue, defaultValueDescription }: Option): string {
  const isShown =
    (typeof defaultValue === 'string' && defaultValue !== '') || typeof defaultValue === 'number';
  const preset = defaultValueDescription ?? (isShown ? String(defaultValue) : undefined);
  return preset === undefined ? description : `${description} (default: ${preset})`;
}
