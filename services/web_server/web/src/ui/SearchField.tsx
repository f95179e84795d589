import { Icon } from './Icon.js';

interface SearchFieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
}

export function SearchField({ label, value, onInput }: SearchFieldProps) {
  return (
    <span class="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        maxLength={64}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </span>
  );
}
