/** Instances remembered at most; an instance comes back within seconds or never. */
const maxRemembered = 1000;

/** msg_servers that were taken for dead: should one speak again, its clients have missed something. */
export class DepartedNodes {
  readonly #nodes = new Set<number>();

  add(node: number): void {
    this.#nodes.add(node);
    for (const oldest of this.#nodes) {
      if (this.#nodes.size <= maxRemembered) break;
      this.#nodes.delete(oldest);
    }
  }

  /** True once for an instance that had departed. */
  returned(node: number): boolean {
    return this.#nodes.delete(node);
  }
}
