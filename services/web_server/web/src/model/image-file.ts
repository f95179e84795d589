/** A file name with the image's size, by which old clients reserve space. */
export async function nameWithSize(image: Blob): Promise<string> {
  const type = /^image\/(png|jpe?g|gif|webp|bmp)$/.exec(image.type)?.[1] ?? 'jpg';
  const extension = type === 'jpeg' ? 'jpg' : type;
  try {
    const { width, height } = await createImageBitmap(image);
    return `image_${width}x${height}.${extension}`;
  } catch {
    return `image.${extension}`;
  }
}

/** The images among the pasted, dropped or chosen files. */
export function imagesOf(files: FileList | null | undefined): File[] {
  return [...(files ?? [])].filter(({ type }) => type.startsWith('image/') && type !== 'image/svg+xml');
}
