import sharp from 'sharp';

/** A picture with some noise, so that it does not compress to nothing. */
export function picture(width: number, height: number, format: 'jpeg' | 'png' | 'webp' | 'gif' = 'jpeg') {
  return sharp({
    create: {
      width,
      height,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  })
    .toFormat(format)
    .toBuffer();
}

/** The beginning of a form with a file, up to where the content begins. */
export function formHead(contentLength: number, name = 'x.jpg'): string {
  return (
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
    `Content-Length: ${contentLength}\r\n\r\n` +
    `--b\r\nContent-Disposition: form-data; name="filename"; filename="${name}"\r\n\r\n`
  );
}
