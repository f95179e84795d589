import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TestClient, TestServer } from '../../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;

describe('0x0801: a web session’s push subscription', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());
  afterEach(() => {
    delete server.db.answers.replies.setPushSubscription;
  });

  const asked = () => server.db.answers.asked('setPushSubscription');
  const logInPage = (id: number) => server.logIn(id, CLIENT_TYPE_WINDOWS, 'web/0.1.0');
  const subscribe = (page: TestClient, subscription: string) =>
    page.ask(
      Commands.ExtPushSubscriptionReq,
      { subscription, locale: 'en', timeZone: 'Europe/Berlin' },
      Commands.ExtPushSubscriptionRsp,
    );

  it('is stored for the logged-in user, replaces the previous one, and is removed at the logout', async () => {
    const page = await logInPage(1);
    const fields = { userId: 1, locale: 'en', timeZone: 'Europe/Berlin' };
    server.db.answers.replies.setPushSubscription = { done: true, deviceId: 7 };
    expect(await subscribe(page, 'first')).toMatchObject({ resultCode: 0 });
    expect(asked().at(-1)).toMatchObject({ ...fields, subscription: 'first', formerDeviceId: 0 });
    server.db.answers.replies.setPushSubscription = { done: true, deviceId: 8 };
    await subscribe(page, 'second');
    expect(asked().at(-1)).toMatchObject({ ...fields, subscription: 'second', formerDeviceId: 7 });
    await page.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
    expect(asked().at(-1)).toMatchObject({ userId: 1, subscription: '', formerDeviceId: 8 });
  });

  it('keeps the previous one when the new one is refused', async () => {
    const page = await logInPage(2);
    server.db.answers.replies.setPushSubscription = { done: true, deviceId: 9 };
    await subscribe(page, 'good');
    server.db.answers.replies.setPushSubscription = { done: false };
    expect(await subscribe(page, 'bad')).toMatchObject({ resultCode: 1 });
    await page.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
    expect(asked().at(-1)).toMatchObject({ subscription: '', formerDeviceId: 9 });
  });

  it.each([
    ['a PC', CLIENT_TYPE_WINDOWS],
    ['a mobile', CLIENT_TYPE_ANDROID],
  ])('is refused from %s, whose logout removes none', async (_, clientType) => {
    const before = asked().length;
    const client = await server.logIn(3, clientType);
    expect(await subscribe(client, 'x')).toMatchObject({ resultCode: 1 });
    await client.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
    expect(asked()).toHaveLength(before);
  });

  it('does not prevent the logout when it cannot be removed', async () => {
    const page = await logInPage(4);
    server.db.answers.replies.setPushSubscription = { done: true, deviceId: 10 };
    await subscribe(page, 'x');
    server.db.answers.replies.setPushSubscription = () => Promise.reject(new Error('no database'));
    const answer = await page.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
    expect(answer).toMatchObject({ resultCode: 0 });
  });
});
