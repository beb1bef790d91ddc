/** A folder of its own for one test, which is gone with the test. */
export class TempFiles implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "troupe_stores_" });

  /** The path of a file in it. */
  path(name = "log.db"): string {
    return `${this.#folder}/${name}`;
  }

  /** Copies a log's file as it is, and what SQLite has beside it: what a machine that loses its power leaves behind. */
  copy(from: string, to: string): string {
    for (const end of ["", "-wal"]) Deno.copyFileSync(`${this.path(from)}${end}`, `${this.path(to)}${end}`);
    return this.path(to);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}
