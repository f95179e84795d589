import { readFileSync } from 'node:fs';
import { alertsElsewhere, alertsHere } from '@teamtalk/observer';
import { describe, expect, it } from 'vitest';
import { en } from '../text/en.js';
import { chapterOf } from './guide-chapter.js';

const guide = readFileSync(new URL('../../../../../docs/guides/alerts.md', import.meta.url), 'utf8');

describe('a chapter of the guide', () => {
  it('is plain text and code', () => {
    const text =
      '# Alerts\n\n## A\n\nSee [the page](x.md#y),\n*Queues* and `kubectl get`.\n\nMore.\n\n## B\n\nOther.\n';
    expect(chapterOf(text, 'A')).toEqual([
      [
        { text: 'See the page, Queues and ', isCode: false },
        { text: 'kubectl get', isCode: true },
        { text: '.', isCode: false },
      ],
      [{ text: 'More.', isCode: false }],
    ]);
    expect(chapterOf(text, 'C')).toEqual([]);
  });

  it('exists for every alert, which is decided here or known to be decided by Prometheus', () => {
    const headings = [...guide.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect([...alertsHere, ...alertsElsewhere].sort()).toEqual(headings.sort());
    for (const alert of alertsHere) expect(chapterOf(guide, alert), alert).not.toEqual([]);
  });

  it('has a summary, and what to do, in the console', () => {
    for (const alert of alertsHere) {
      expect(Object.keys(en)).toContain(`alert.${alert}`);
      expect(Object.keys(en)).toContain(`alert.${alert}.do`);
    }
  });
});
