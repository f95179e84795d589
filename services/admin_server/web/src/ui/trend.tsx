interface TrendProps {
  readonly of: readonly number[];
  /** what it shows, for those who cannot see it */
  readonly label: string;
}

/** A line chart of a figure's past values. */
export function Trend({ of: values, label }: TrendProps) {
  if (values.length < 2) return null;
  const least = Math.min(...values);
  const most = Math.max(...values);
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * 100;
    const y = most === least ? 12 : 23 - ((value - least) / (most - least)) * 22;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline points={points.join(' ')} />
    </svg>
  );
}
