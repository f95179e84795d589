import { expect, it, onTestFinished } from 'vitest';
import { TestServer } from '../testing/test-server.js';

it('a message without a result of the store is answered with 9 after the deadline, which is below 5 s', async () => {
  const server = await TestServer.start();
  onTestFinished(() => server.stop());
  server.db.decide = () => undefined;
  const begin = performance.now();
  const answer = await server.post('/query/SendP2PMessage', { from_user_id: 8, session_id: 1, msg: 'hello' });
  expect(answer).toBe('{"error_code":9,"error_msg":"服务器异常"}');
  expect(performance.now() - begin).toBeLessThan(5_000);
});
