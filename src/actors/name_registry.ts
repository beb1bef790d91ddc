import { TroupeError } from "../base/errors.ts";
import type { Ref } from "./ref.ts";

/** Who is registered under which name. A name is free again once its actor has stopped for good. */
export class NameRegistry {
  readonly #refs = new Map<string, Ref<never>>();

  /** The address that goes by `name`, if any. The caller vouches for what it accepts. */
  find<M>(name: string): Ref<M> | undefined {
    return this.#refs.get(name) as Ref<M> | undefined;
  }

  /**
   * Registers `ref`.
   *
   * @throws {TroupeError} `name_taken` if another actor goes by that name.
   */
  register(name: string, ref: Ref<never>): void {
    if (this.#refs.has(name)) {
      throw new TroupeError(
        "name_taken",
        `Cannot register ${ref} as ${JSON.stringify(name)}: it is ${this.#refs.get(name)}`,
        {
          details: { name },
        },
      );
    }
    this.#refs.set(name, ref);
  }

  /** Frees `name` if `ref` has it. */
  unregister(name: string, ref: Ref<never>): void {
    if (this.#refs.get(name) === ref) this.#refs.delete(name);
  }

  /** Every registered name. */
  names(): string[] {
    return [...this.#refs.keys()];
  }
}
