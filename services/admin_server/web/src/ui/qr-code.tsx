import encodeQR from 'qr';

interface QrCodeProps {
  readonly text: string;
  /** description for screen readers */
  readonly label: string;
}

/** A QR code. Dark on light in both themes, since not every camera reads inverted codes. */
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
