/** State for the probes: whether the process is alive and each dependency answers. */
export class Health {
  readonly #checks = new Map<string, () => boolean>();
  #draining = false;
  #starting = false;

  /**
   * Adds a dependency under the name `/readyz` shows, or replaces its check. The check must be instant and must not throw.
   */
  addCheck(name: string, check: () => boolean): void {
    this.#checks.set(name, check);
  }

  removeCheck(name: string): void {
    this.#checks.delete(name);
  }

  /** Not ready until `startDone`: some dependencies may not be registered yet. */
  startBegun(): void {
    this.#starting = true;
  }

  startDone(): void {
    this.#starting = false;
  }

  /** Makes the service not ready from now on, whatever its dependencies report. */
  startDraining(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** The state of each dependency, and the overall state. */
  report(): { ready: boolean; draining: boolean; dependencies: Record<string, 'up' | 'down'> } {
    const dependencies: Record<string, 'up' | 'down'> = {};
    let ready = !this.#draining && !this.#starting;
    for (const [name, check] of this.#checks) {
      const up = check();
      dependencies[name] = up ? 'up' : 'down';
      ready &&= up;
    }
    return { ready, draining: this.#draining, dependencies };
  }
}
