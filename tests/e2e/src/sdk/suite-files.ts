import type * as Sdk from '@teamtalk/client';
import { equal, failure, next, type SuiteEnvironment, until, withBoth } from './suite-tools.js';

/** Not a multiple of the block size, and more than one part at the file_server. */
const largeBytes = 9 * 1024 * 1024 + 123;

/** File transfers, in Node and in browsers. */
export const fileScenarios: Record<string, (environment: SuiteEnvironment) => Promise<void>> = {
  'stores a large file for later, both ways resumed where they broke': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { sdk, ids } = environment;
      const content = contentOf(largeBytes);
      const source = sdk.blobSource(new Blob([content]), 'large.bin');
      const { taskId, sentAgain } = await sendInTwo(environment, ann, source);
      equal(sentAgain < largeBytes, true, `whether the second attempt sent less than all: ${sentAgain}`);
      const offer = await offerOf(environment, ben, taskId);
      equal([offer.name, offer.size, offer.fromUserId], ['large.bin', largeBytes, ids.ann], 'the offer');
      const sink = new sdk.BlobSink();
      const broken = {
        offset: 0,
        finish: () => sink.finish(),
        write: async (data: Uint8Array) => {
          if (sink.offset > largeBytes / 2) throw new Error('the disk is full');
          await sink.write(data);
        },
      };
      const error = await failure(sdk.receiveFile(ben, offer, broken));
      equal((error as Error).message, 'the disk is full', 'why the first attempt failed');
      const progress: number[] = [];
      const half = sink.offset;
      await sdk.receiveFile(ben, offer, sink, { onProgress: (bytes) => progress.push(bytes) });
      equal([progress[0]! > half, progress.at(-1)], [true, largeBytes], 'the progress');
      await same(sink.blob, content);
      await until(async () => !(await taskIds(environment, ben)).includes(taskId), 'the file off the list');
    }),

  'hands a file over to somebody who is there': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { sdk, ids } = environment;
      const content = contentOf(1_000_001);
      const offered = next<Sdk.FileOffer>((listener) => ben.once('file', listener));
      const sending = sdk.sendFile(ann, ids.ben, sdk.blobSource(new Blob([content]), '图.png'));
      const offer = await offered;
      equal([offer.name, offer.online], ['图.png', true], 'the offer');
      const sink = new sdk.BlobSink();
      await Promise.all([sdk.receiveFile(ben, offer, sink), sending]);
      equal((await sending).online, true, 'whether the receiver has it');
      await same(sink.blob, content);
    }),

  'tells both sides that a file was cancelled, or declined': (environment) =>
    withBoth(environment, async (ann, ben) => {
      const { sdk, ids } = environment;
      const source = sdk.blobSource(new Blob([contentOf(3_000_000)]), 'unwanted.bin');
      const send = async (signal?: AbortSignal) => {
        const offered = next<Sdk.FileOffer>((listener) => ben.once('file', listener));
        const sending = failure(sdk.sendFile(ann, ids.ben, source, { signal }));
        return { offer: await offered, sending };
      };
      const cancelling = new AbortController();
      const cancelled = await send(cancelling.signal);
      const receiving = failure(
        sdk.receiveFile(ben, cancelled.offer, new sdk.BlobSink(), { onProgress: () => cancelling.abort() }),
      );
      equal([codeOf(environment, await cancelled.sending)], ['file-cancelled'], 'what the sender is told');
      equal([codeOf(environment, await receiving)], ['file-cancelled'], 'what the receiver is told');
      const declined = await send();
      await sdk.refuseFile(ben, declined.offer);
      equal([codeOf(environment, await declined.sending)], ['file-rejected'], 'what the sender is told then');
    }),
};

/** Sends a file in two attempts, the first of which is interrupted halfway. */
async function sendInTwo({ sdk, ids }: SuiteEnvironment, ann: Sdk.TeamTalkClient, source: Sdk.FileSource) {
  let taskId = '';
  let isBroken = true;
  let sentAgain = 0;
  const breaking: Sdk.FileSource = {
    ...source,
    read: async (offset, length) => {
      if (isBroken && offset > source.size / 2) throw new Error('the disk is gone');
      if (!isBroken) sentAgain += length;
      return source.read(offset, length);
    },
  };
  const onTask = (task: Sdk.SentFile) => {
    taskId = task.taskId;
  };
  const options = { offline: true, onTask };
  const error = await failure(sdk.sendFile(ann, ids.ben, breaking, options));
  equal((error as Error).message, 'the disk is gone', 'why the first attempt failed');
  isBroken = false;
  const sent = await sdk.sendFile(ann, ids.ben, breaking, { ...options, resume: taskId });
  equal(sent, { taskId, online: false }, 'what was sent');
  return { taskId, sentAgain };
}

async function offerOf(
  { sdk }: SuiteEnvironment,
  ben: Sdk.TeamTalkClient,
  taskId: string,
): Promise<Sdk.FileOffer> {
  const offer = (await sdk.offlineFiles(ben)).find((each) => each.taskId === taskId);
  if (!offer) throw new Error('the file is not on the list');
  return offer;
}

async function taskIds({ sdk }: SuiteEnvironment, ben: Sdk.TeamTalkClient): Promise<string[]> {
  return (await sdk.offlineFiles(ben)).map(({ taskId }) => taskId);
}

function codeOf({ sdk }: SuiteEnvironment, error: unknown): unknown {
  return error instanceof sdk.ClientError ? error.code : error;
}

/** Data in which all blocks differ. */
function contentOf(size: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(size);
  for (let i = 0; i < size; i++) content[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff;
  return content;
}

async function same(blob: Blob, content: Uint8Array): Promise<void> {
  const received = new Uint8Array(await blob.arrayBuffer());
  equal(received.length, content.length, 'the size');
  const different = received.findIndex((byte, i) => byte !== content[i]);
  equal(different, -1, 'the first byte that differs');
}
