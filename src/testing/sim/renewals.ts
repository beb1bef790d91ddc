import type { SimClient } from "./sim_client.ts";

/** What a client does about an authorization that ends: it brings another pass, or does not; now and then a stranger's. */
export class Renewals {
  readonly #client: SimClient;
  readonly #renew: (token: string) => string;
  /** The ref of what brought a stranger's pass. */
  #strange: string | null = null;
  /** What brings another rank, and its ref. */
  #raising: { readonly ref: string; readonly pass: string } | null = null;

  /** `renew`: sends a pass, and gives its ref. */
  constructor(client: SimClient, renew: (token: string) => string) {
    this.#client = client;
    this.#renew = renew;
  }

  /** It is connected once more, and counts anew. */
  opened(): void {
    this.#strange = this.#raising = null;
  }

  /** It is told something about its connection. */
  told(ref: string | null, event: string, { status }: { readonly status?: string }): void {
    const { party: { random }, ports: { world, passes, truth }, name } = this.#client;
    if (event === "phx_reply" && ref === this.#strange && status === "ok") {
      world.fail("a pass is renewed for its own user", name);
    }
    if (event === "phx_reply" && ref === this.#raising?.ref && status === "ok") {
      truth.permits.raised(name, passes.raisedMs(this.#raising!.pass));
      this.#raising = null;
    }
    if (event !== "troupe:expiring" || random.float() < 0.3) return;
    const isStrange = random.float() < 0.2;
    const isRaised = !isStrange && random.float() < 0.5;
    const pass = isStrange
      ? passes.make("nobody")
      : isRaised
      ? this.#client.raisingPass()
      : this.#client.pass();
    const renewing = this.#renew(pass);
    if (isStrange) this.#strange = renewing;
    else if (isRaised) this.#raising = { ref: renewing, pass };
  }
}
