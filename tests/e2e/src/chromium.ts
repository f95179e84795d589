import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** `npm run test:full` sets it; a single test uses Debian's. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser with a profile of its own, which is removed when it is closed. @throws Error when there is no Chromium */
export async function openChromium(): Promise<BrowserContext> {
  if (!existsSync(executablePath)) throw new Error(`there is no Chromium at ${executablePath}; set CHROMIUM`);
  const profile = await mkdtemp(path.join(tmpdir(), 'teamtalk-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, { executablePath, args });
  browser.setDefaultTimeout(15_000);
  const close = browser.close.bind(browser);
  browser.close = async () => {
    await close();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  return browser;
}
