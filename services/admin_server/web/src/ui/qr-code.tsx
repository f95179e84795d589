import encodeQR from 'qr';

interface QrCodeProps {
  readonly text: string;
  /** what it is, for those who do not see it */
  readonly label: string;
}

/** Dark on light in both themes, since not every camera reads the opposite. */
export function QrCode({ text, label }: QrCodeProps) {
  const rows = encodeQR(text, 'raw', { border: 3 });
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label}>
      <path class="light" d={`M0 0h${rows.length}v${rows.length}H0z`} />
      <path class="dark" d={dark.join('')} shape-rendering="crispEdges" />
    </svg>
  );
}
