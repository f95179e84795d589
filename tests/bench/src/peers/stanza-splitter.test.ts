import { expect, it } from 'vitest';
import { StanzaSplitter } from './stanza-splitter.js';

const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1'>`;
const stanzas = [
  `<stream:features><mechanisms><mechanism>PLAIN</mechanism></mechanisms><x/></stream:features>`,
  `<a xmlns='urn:xmpp:sm:3' h='2'/>`,
  `<message to='u1@localhost'><body>1 2 &lt;3&gt; ....</body><stanza-id id='7'/></message>`,
  `<presence from='u1@localhost/a'/>`,
];

it.each([1, 2, 3, 7, 50, 10_000])('finds each stanza once in chunks of %i characters', (size) => {
  const splitter = new StanzaSplitter();
  const text = header + stanzas[0] + header + stanzas.slice(1).join('');
  const found: string[] = [];
  for (let at = 0; at < text.length; at += size) found.push(...splitter.push(text.slice(at, at + size)));
  expect(found).toEqual(stanzas);
});
