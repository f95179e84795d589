/** The changes of an event, one line per field; nested values as JSON. */
export function Changes({ before, after }: { before: unknown; after: unknown }) {
  const names = [...new Set([...namesIn(before), ...namesIn(after)])];
  if (names.length === 0) {
    const text = [before, after].filter((each) => each !== null && each !== undefined).map(shown);
    return <span>{text.join(' → ')}</span>;
  }
  return (
    <ul class="changes small">
      {names.map((name) => (
        <li key={name}>
          <span class="quiet">{name}</span> {change(fieldOf(before, name), fieldOf(after, name))}
        </li>
      ))}
    </ul>
  );
}

function namesIn(value: unknown): string[] {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : [];
}

function fieldOf(value: unknown, name: string): unknown {
  return namesIn(value).includes(name) ? (value as Record<string, unknown>)[name] : undefined;
}

function change(before: unknown, after: unknown): string {
  if (before === undefined) return shown(after);
  if (after === undefined) return shown(before);
  return `${shown(before)} → ${shown(after)}`;
}

function shown(value: unknown): string {
  if (value === '' || value === null || value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
