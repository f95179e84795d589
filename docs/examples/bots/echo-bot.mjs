// Answers every message with the same text. BOT_TOKEN is what `teamtalk bot add` printed.
import { TeamTalkClient } from '@teamtalk/client';

const { TEAMTALK_HOST = '127.0.0.1', TEAMTALK_PORT = '8000', BOT_NAME = 'echo', BOT_TOKEN } = process.env;

const bot = new TeamTalkClient({ host: TEAMTALK_HOST, port: Number(TEAMTALK_PORT) });
bot.on('disconnected', ({ error }) => console.error(error.message));
await bot.login({ name: BOT_NAME, token: BOT_TOKEN });
console.log(`${BOT_NAME} is user ${bot.userId}`);
for await (const { session, fromUserId, text } of bot.messages()) {
  if (fromUserId !== bot.userId && text !== undefined) await bot.send(session, `You said: ${text}`);
}
