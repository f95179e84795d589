import { runXmppLoad, type XmppLoadOptions } from './xmpp-load.js';

// Runs in a process of its own, so that its CPU time and pauses are measured apart from the others'.
process.once('message', async (options: XmppLoadOptions) => {
  try {
    process.send!({ result: await runXmppLoad(options) });
  } catch (error) {
    process.send!({ error: String(error) });
  }
  process.disconnect();
});
