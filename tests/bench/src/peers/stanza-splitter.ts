/**
 * Cuts an XMPP stream into its stanzas, the elements directly below `<stream:stream>`. Enough for what servers send: no
 * comments, no CDATA, and no `>` in attributes.
 */
export class StanzaSplitter {
  #text = '';
  /** where the scan continues in the text, and its depth inside a stanza */
  #at = 0;
  #depth = 0;

  *push(chunk: string): Generator<string> {
    this.#text += chunk;
    for (;;) {
      const open = this.#text.indexOf('<', this.#at);
      const close = open < 0 ? -1 : this.#text.indexOf('>', open);
      if (close < 0) break;
      this.#at = close + 1;
      const isHeader =
        this.#text.startsWith('?', open + 1) || this.#text.startsWith('stream:stream', open + 1);
      if (!isHeader && this.#text[close - 1] !== '/') this.#depth += this.#text[open + 1] === '/' ? -1 : 1;
      if (this.#depth > 0) continue;
      if (!isHeader) yield this.#text.slice(0, this.#at);
      this.#text = this.#text.slice(this.#at);
      this.#at = 0;
      this.#depth = 0;
    }
  }
}
