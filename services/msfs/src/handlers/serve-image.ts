import type { IncomingMessage, ServerResponse } from 'node:http';
import { StorageError } from '@teamtalk/blob-store';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { refusals, sendRefusal } from '../http/refusals.js';
import { sendImage } from '../http/send-image.js';
import { thumbnailOf } from '../images/image-name.js';

/** `GET /g0/...`: a file as uploaded, or an image scaled to the size appended to its name. */
export async function serveImage(
  { images, store, thumbnails, inFlight, mayMakeThumbnail }: Context,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const size = thumbnailOf(key);
  try {
    if (size) {
      const image = await thumbnails.find(size, () => mayMakeThumbnail(request, response));
      await sendImage(request, response, image, { store: thumbnails.store, inFlight });
    } else {
      await sendImage(request, response, await images.find(key), { store, inFlight });
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
    if (size) thumbnails.forget(size);
    else images.forget(key);
    sendRefusal(response, refusals.notFound);
  }
}

function isAbsent(error: unknown): boolean {
  return (error instanceof TeamTalkError || error instanceof StorageError) && error.code === 'not-found';
}
