import { runXmppLoad, type XmppLoadOptions } from './xmpp-load.js';

// A process of its own, so that its CPU and its pauses are nobody else's.
process.once('message', async (options: XmppLoadOptions) => {
  try {
    process.send!({ result: await runXmppLoad(options) });
  } catch (error) {
    process.send!({ error: String(error) });
  }
  process.disconnect();
});
