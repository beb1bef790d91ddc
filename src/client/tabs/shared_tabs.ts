/**
 * One connection for all tabs of a browser.
 *
 * @module
 */

import type { Transport, TransportInstance } from "phoenix";
import { systemClock } from "../../base/clock.ts";
import { TroupeError } from "../../base/errors.ts";
import { systemRandom } from "../../base/random.ts";
import { TabHub } from "./tab_hub.ts";
import { type Broadcasts, type Locks, TabLeader } from "./tab_leader.ts";
import type { TabPort } from "./tab_port.ts";
import { type HubAddress, TabTransport } from "./tab_transport.ts";
import type { MakeSocket, UpstreamSocket } from "./upstream.ts";

/** What {@link sharedTabs} takes. */
export interface SharedTabsOptions {
  /**
   * Who is connected: the user's id, for example. Tabs of one name share one connection, and with it the authorization of
   * the tab that has opened it: never give two users one name.
   */
  readonly name: string;
  /**
   * Where the script of the shared worker is, on the page's own origin: a bundle of `@troupe/core/client/tabs/worker`.
   * Without it, or where the browser has no shared workers, one of the tabs leads.
   */
  readonly worker?: string | URL;
}

/** What a browser may have. */
interface Surroundings {
  readonly SharedWorker?: new (
    url: string | URL,
    options: { name: string; type: "module" },
  ) => SharedWorkerLike;
  readonly BroadcastChannel?: new (name: string) => Broadcasts;
  readonly MessageChannel: new () => { readonly port1: TabPort; readonly port2: TabPort };
  readonly WebSocket: new (url: string, protocols?: string[]) => UpstreamSocket & TransportInstance;
  readonly navigator?: { readonly locks?: Locks };
}

interface SharedWorkerLike {
  readonly port: TabPort;
  onerror: ((event: unknown) => void) | null;
}

/** How a WebSocket of this runtime is made. */
export const makeWebSocket: MakeSocket = (url, protocols) =>
  new (globalThis as unknown as Surroundings).WebSocket(url, protocols);

/** Resolves when nobody holds a lock any more. */
export function whenGone(locks: Locks): (lock: string) => Promise<void> {
  return async (lock) => void await locks.request(lock, () => {});
}

/**
 * A transport that has all tabs of a browser share one connection: `connect(url, { transport: sharedTabs({ name }) })`. A
 * shared worker has it, or the tab that leads; when that tab is closed, the next one leads, and all go on where they were.
 * Where a browser has no Web Locks (pages that are not from a secure origin), each tab has a connection of its own.
 *
 * A topic that several tabs join is joined once at the server: by the newest join, whose payload counts, and which is one
 * member there, so that `except` leaves out all of these tabs. What the server asks is answered by the tab that joined
 * last.
 *
 * @throws {TroupeError} `invalid_option` if the name is empty.
 *
 * @example
 * ```ts ignore
 * import { connect } from "@troupe/core/client";
 * import { sharedTabs } from "@troupe/core/client/tabs";
 *
 * const transport = sharedTabs({ name: user.id, worker: "/tabs.js" });
 * const troupe = connect("/socket", { transport, token });
 * ```
 */
export function sharedTabs({ name, worker }: SharedTabsOptions): Transport {
  if (name === "") {
    const message =
      "Cannot share a connection without a name. Accepted: who is connected, e.g. the user's id";
    throw new TroupeError("invalid_option", message, { details: { option: "name" } });
  }
  const { SharedWorker, BroadcastChannel, MessageChannel, WebSocket, navigator } =
    globalThis as unknown as Surroundings;
  const locks = navigator?.locks;
  if (locks === undefined) return WebSocket;
  const lock = `troupe:tab:${systemRandom.uuid()}`;
  const isHeld = new Promise<void>((resolve) => {
    void locks.request(lock, () => {
      resolve();
      return new Promise(() => {}); // as long as this tab lives
    });
  });
  let leader: TabLeader | null = null;
  const byLeader = (): Promise<TabPort> | null => {
    if (leader === null && BroadcastChannel === undefined) return null;
    leader ??= new TabLeader(`troupe:leader:${name}`, {
      locks,
      broadcasts: new (BroadcastChannel as NonNullable<typeof BroadcastChannel>)(`troupe:tabs:${name}`),
      random: systemRandom,
      makeHub: () => new TabHub({ connect: makeWebSocket, clock: systemClock, gone: whenGone(locks) }),
      makePair() {
        const { port1, port2 } = new MessageChannel();
        return [port1, port2];
      },
    });
    return leader.connect();
  };
  let hasWorker = worker !== undefined && SharedWorker !== undefined;
  const byWorker = (): Promise<TabPort> => {
    const shared = new (SharedWorker as NonNullable<typeof SharedWorker>)(worker as string | URL, {
      name: `troupe:${name}`,
      type: "module",
    });
    return new Promise((resolve, reject) => {
      // The worker says that it is there; if its script cannot be had, it never does.
      shared.port.onmessage = () => resolve(shared.port);
      shared.onerror = (event) => reject(event);
    });
  };
  const address: HubAddress = {
    lock,
    async connect() {
      await isHeld;
      try {
        if (hasWorker) return await byWorker();
      } catch {
        hasWorker = false;
      }
      const port = byLeader();
      if (port !== null) return await port;
      throw new TroupeError(
        "no_hub",
        "Cannot share a connection: this browser has neither shared workers nor broadcasts",
      );
    },
  };
  return class SharedTransport extends TabTransport {
    constructor(url: string, protocols?: string[]) {
      super(address, url, protocols);
    }
  };
}
