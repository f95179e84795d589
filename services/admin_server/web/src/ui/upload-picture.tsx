import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { maxPictureBytes } from '../../../src/api/pictures.js';
import { problemText } from '../api/problem.js';
import { t } from '../text/text.js';

/** Longest side of an uploaded picture, pixels. */
const side = 640;
/** Qualities of JPEG, the first of which that is small enough is taken. */
const qualities = [0.9, 0.75, 0.5];

interface UploadPictureProps {
  /** @param picture in base64 */
  readonly onChoose: (picture: string) => Promise<void>;
}

/** Chooses an image file, and uploads it as a JPEG of moderate size, without what the camera noted. */
export function UploadPicture({ onChoose }: UploadPictureProps) {
  const id = useId();
  const busy = useSignal(false);
  const failure = useSignal<string | undefined>(undefined);

  async function upload(file: File): Promise<void> {
    busy.value = true;
    failure.value = undefined;
    try {
      const picture = await jpegOf(file);
      if (picture) await onChoose(picture);
      else failure.value = t('refusal.not-a-picture');
    } catch (error) {
      failure.value = problemText(error);
    } finally {
      busy.value = false;
    }
  }

  return (
    <div class="field">
      <label for={id}>{t('picture.upload')}</label>
      <input
        id={id}
        name="picture"
        type="file"
        accept="image/jpeg,image/png,image/gif,image/webp"
        disabled={busy.value}
        onChange={(event) => {
          const input = event.currentTarget;
          const [file] = input.files ?? [];
          // The input is cleared afterwards, so that the same file can be chosen again.
          if (!file) return;
          void upload(file).finally(() => {
            input.value = '';
          });
        }}
      />
      <span class="hint">{t('picture.hint')}</span>
      {failure.value && (
        <span class="fault" role="alert">
          {failure.value}
        </span>
      )}
    </div>
  );
}

/** @returns base64; undefined: the browser cannot read the file as an image */
async function jpegOf(file: File): Promise<string | undefined> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (!bitmap) return undefined;
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d');
  if (!context) return undefined;
  // Transparency becomes white, as in the smaller versions of msfs.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  for (const quality of qualities) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
    if (blob && blob.size <= maxPictureBytes) return base64Of(new Uint8Array(await blob.arrayBuffer()));
  }
  return undefined;
}

function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
