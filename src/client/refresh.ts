/**
 * A client's authorization that lives longer than its token.
 *
 * @module
 */

import type { Feature, RefreshPart } from "./feature.ts";
import { type Link, OWN_TOPIC } from "./link.ts";
import { refused } from "./refused.ts";

/** A reply of the server's. */
interface Reply {
  readonly status: string;
  readonly response: { readonly reason?: unknown } | null;
}

/** Brings new tokens over the connection that there is: when it is asked to, and when the server says that it is time. */
export class Refresh implements RefreshPart {
  readonly #link: Link;
  readonly #questions = new Map<string, (reply: Reply) => void>();

  constructor(link: Link) {
    this.#link = link;
    link.socket.onMessage(({ topic, event, ref, payload }) => {
      if (topic === OWN_TOPIC && event === "phx_reply") this.#questions.get(ref ?? "")?.(payload as Reply);
    });
    link.socket.onClose(() => {
      for (const answer of this.#questions.values()) answer(failure("closed"));
    });
    if (link.renews) link.listeners.on("expiring", () => void this.#renew());
  }

  async refresh(token?: string): Promise<{ expiresAt: number | null }> {
    const { clock, socket, timeoutMs } = this.#link;
    const payload = { token: token ?? await this.#link.token() };
    const ref = socket.makeRef();
    return new Promise((resolve, reject) => {
      const settle = ({ status, response }: Reply): void => {
        clock.clearTimer(timer);
        this.#questions.delete(ref);
        if (status === "ok") return resolve(response as { expiresAt: number | null });
        reject(refused("not_refreshed", "renew the token", { reason: response?.reason, response }));
      };
      const timer = clock.setTimer(() => settle(failure("timeout")), timeoutMs);
      this.#questions.set(ref, settle);
      socket.push({ topic: OWN_TOPIC, event: "troupe:refresh", payload, ref });
    });
  }

  async #renew(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.#link.listeners.emit("failed", { error });
    }
  }
}

function failure(reason: string): Reply {
  return { status: "error", response: { reason } };
}

/**
 * Gives clients `client.refresh`, and has them bring a new token over the connection that there is when the old one
 * expires: for the option `use` of `connect`.
 */
export const withRefresh: Feature = {
  name: "withRefresh",
  attach: (link: Link) => ({ refresh: new Refresh(link) }),
};
