import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Examples } from './example-company.js';
import { patiently, visit } from './stand.js';

/** The addresses of all pages. */
export function addressesOf({ userId, groupId, importId }: Examples): string[] {
  return [
    '',
    'users',
    'users/new',
    'users/import',
    `users/import/${importId}`,
    `users/${userId}`,
    'departments',
    'groups',
    'groups/new',
    `groups/${groupId}`,
    'groups/dissolved',
    'discovery',
    'broadcasts',
    'broadcasts/new',
    'push',
    `push/${userId}`,
    'apps',
    'apps/webhooks/1',
    'bots',
    'clients',
    'settings',
    'alerts/TeamTalkOutboxStuck',
    'audit',
    'lifecycle',
    'accounts',
    'migration',
    'own',
    'about',
    'nowhere',
  ];
}

/** Opens a page and waits until everything on it is loaded. */
export async function open(page: Page, address: string): Promise<void> {
  await visit(page, address);
  await page.locator('main h1, main .empty h3').first().waitFor();
  await expect.poll(() => page.locator('main p.empty[role=status]').count(), patiently).toBe(0);
}
