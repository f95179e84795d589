import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { UploadSlots } from './upload-slots.js';

const response = () => new ServerResponse(new IncomingMessage(new Socket()));

it('reports overdue uploads, and is not usable when they hold every slot', () => {
  let now = 0;
  const slots = new UploadSlots(2, 1_000, () => now);
  const [first, second] = [response(), response()];
  slots.take(first);
  now = 600;
  slots.take(second);
  expect(slots).toMatchObject({ taken: 2, isFull: true, overdue: 0, isUsable: true });
  now = 1_000;
  expect(slots).toMatchObject({ overdue: 1, isUsable: true });
  now = 1_600;
  expect(slots).toMatchObject({ overdue: 2, isUsable: false });
  first.emit('close');
  expect(slots).toMatchObject({ taken: 1, isFull: false, overdue: 1, isUsable: true });
  second.emit('close');
  expect(slots).toMatchObject({ taken: 0, overdue: 0, isUsable: true });
});
