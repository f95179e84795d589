import { expect, it } from 'vitest';
import { messageText } from './message-text.js';

it.each([
  ['a text', { text: 'deployed *4711*' }, 'deployed *4711*'],
  [
    'escapes, links and mentions',
    {
      text: '<!channel> &lt;b&gt; &amp;amp; <https://ci/7|build 7> <https://ci/7> <@U1|ann> <#C1|ops> <mailto:a@b.c|a@b.c>',
    },
    '@channel <b> &amp; build 7 (https://ci/7) https://ci/7 @ann #ops a@b.c',
  ],
  ['what only looks like a link', { text: 'a <b> c, 1 < 2 > 0' }, 'a <b> c, 1 < 2 > 0'],
  [
    'an attachment, as Alertmanager sends',
    {
      username: 'Alertmanager',
      attachments: [
        {
          color: 'danger',
          fallback: '[FIRING:1] DiskFull',
          title: '[FIRING:1] DiskFull',
          title_link: 'https://alerts/1',
          text: 'db1 has 3 % left',
          fields: [{ title: 'severity', value: 'page', short: true }],
          footer: 'a footer',
        },
      ],
    },
    '[FIRING:1] DiskFull (https://alerts/1)\ndb1 has 3 % left\nseverity: page',
  ],
  ['an attachment with only a fallback text', { attachments: [{ fallback: 'look!' }] }, 'look!'],
  [
    'blocks instead of the text',
    {
      text: 'substitute',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Release' } },
        { type: 'divider' },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: '*1.2* is out' },
          fields: [{ text: 'by &amp; for ann' }],
        },
        {
          type: 'context',
          elements: [
            { type: 'image', alt_text: 'ann' },
            { type: 'mrkdwn', text: 'today' },
          ],
        },
        { type: 'image', alt_text: 'a graph', image_url: 'https://ci/graph.png' },
        { type: 'actions', elements: [{ type: 'button', text: { text: 'Open' }, url: 'https://ci/7' }] },
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_section',
              elements: [
                { type: 'text', text: 'see &amp; ' },
                { type: 'link', url: 'https://ci/7' },
              ],
            },
            {
              type: 'rich_text_list',
              elements: ['one', 'two'].map((text) => ({
                type: 'rich_text_section',
                elements: [{ type: 'text', text }],
              })),
            },
          ],
        },
      ],
    },
    'Release\n*1.2* is out\nby & for ann\nann today\na graph (https://ci/graph.png)\nOpen (https://ci/7)\nsee &amp; https://ci/7\n• one\n• two',
  ],
  [
    'fields of unexpected types',
    { text: {}, blocks: 7, attachments: [null, [], { fields: 'x', text: 5 }] },
    '5',
  ],
  ['nothing', {}, ''],
])('%s', (_, payload, text) => {
  expect(messageText(payload)).toBe(text);
});
