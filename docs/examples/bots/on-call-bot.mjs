// Passes on what it is told to whoever is on call. Commands: `/oncall` says who that is, `/oncall me` takes over.
// Its state is one line in a file, so it can be restarted at will.
import { readFile, writeFile } from 'node:fs/promises';
import { TeamTalkClient } from '@teamtalk/client';

const { TEAMTALK_HOST = '127.0.0.1', TEAMTALK_PORT = '8000', BOT_NAME = 'oncall', BOT_TOKEN } = process.env;
const stateFile = process.env.STATE_FILE ?? 'on-call.txt';

const bot = new TeamTalkClient({ host: TEAMTALK_HOST, port: Number(TEAMTALK_PORT) });
let onCall = Number(await readFile(stateFile, 'utf8').catch(() => '0'));
await bot.login({ name: BOT_NAME, token: BOT_TOKEN });
console.log(`${BOT_NAME} is user ${bot.userId}`);

for await (const { session, fromUserId, text } of bot.messages()) {
  if (fromUserId === bot.userId || text === undefined) continue;
  const isCommand = text.startsWith('/oncall');
  // In a group only commands are meant for the bot.
  if (!isCommand && 'group' in session) continue;
  if (text.trim() === '/oncall me') {
    onCall = fromUserId;
    await writeFile(stateFile, String(onCall));
    await bot.send(session, `${await nameOf(onCall)} is on call now`);
  } else if (isCommand) {
    await bot.send(session, onCall ? `${await nameOf(onCall)} is on call` : 'Nobody is on call: /oncall me');
  } else if (!onCall) {
    await bot.send(session, 'Nobody is on call: /oncall me');
  } else if (fromUserId !== onCall) {
    await bot.send({ user: onCall }, `${await nameOf(fromUserId)}: ${text}`);
    await bot.send(session, `${await nameOf(onCall)} has been told`);
  }
}

async function nameOf(userId) {
  const [user] = await bot.usersInfo([userId]);
  return user?.userNickName ?? `user ${userId}`;
}
