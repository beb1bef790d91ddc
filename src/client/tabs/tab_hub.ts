/**
 * What all tabs of one identity connect through.
 *
 * @module
 */

import type { Clock } from "../../base/clock.ts";
import { isRecord } from "../../base/record.ts";
import type { ClientMessage } from "../../protocol/positions.ts";
import { CLOSE_NORMAL, type Closed } from "../../protocol/close_codes.ts";
import type { Inbound } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import { phoenixV21 } from "../../protocol/phoenix_v2_1.ts";
import { REQUEST_EVENT } from "../../protocol/requests.ts";
import { SharedTopic } from "./shared_topic.ts";
import type { HubMessage, TabMessage, TabPort } from "./tab_port.ts";
import { type MakeSocket, Upstream } from "./upstream.ts";

/** What a hub needs of its surroundings. */
export interface HubPorts {
  /** Makes the connection to the server. */
  readonly connect: MakeSocket;
  readonly clock: Clock;
  /** Resolves when nobody holds the lock any more: when its tab is gone, however it went. Default: never. */
  readonly gone?: (lock: string) => Promise<void>;
}

/** One tab. */
class Tab {
  readonly id: number;
  readonly #port: TabPort;
  #frames: (string | Uint8Array<ArrayBuffer>)[] = [];
  isOpen = false;

  constructor(id: number, port: TabPort) {
    this.id = id;
    this.#port = port;
  }

  /** Sends with the next {@link Tab.flush}. */
  write({ data }: Frame): void {
    this.#frames.push(data);
  }

  flush(): void {
    if (this.#frames.length > 0) this.post({ kind: "messages", frames: this.#frames });
    this.#frames = [];
  }

  post(message: HubMessage): void {
    this.#port.postMessage(message);
  }

  close(): void {
    this.#port.close();
  }
}

/**
 * Many tabs, one connection. Each tab speaks as if it had a connection of its own: with its own names for joins and
 * messages, which are told apart by the tab's number in front. A topic that several tabs join is joined once at the
 * server, see {@link SharedTopic}. If the connection breaks, it breaks for all, and each comes back by itself.
 */
export class TabHub {
  readonly #ports: HubPorts;
  readonly #tabs = new Set<Tab>();
  readonly #topics = new Map<string, SharedTopic<Tab>>();
  /** What was opened under each lock. */
  readonly #locks = new Map<string, Set<Tab>>();
  #upstream: Upstream | null = null;
  #lastId = 0;
  /** The session is the connection's, and so that of all tabs: the newest secret is the one to give back. */
  #session: string | null = null;

  constructor(ports: HubPorts) {
    this.#ports = ports;
  }

  /** How many tabs have, or want, a connection. */
  get size(): number {
    return this.#tabs.size;
  }

  /** A tab comes. */
  attach(port: TabPort): void {
    const tab = new Tab(++this.#lastId, port);
    port.onmessage = ({ data }) => {
      const message = data as TabMessage;
      if (message.kind === "open") this.#opens(tab, message);
      else if (message.kind === "close") this.#leaves(tab);
      else if (tab.isOpen) this.#sends(tab, message.data);
    };
  }

  #opens(tab: Tab, { url, protocols, lock }: TabMessage & { kind: "open" }): void {
    this.#tabs.add(tab);
    if (lock !== null) this.#watch(lock, tab);
    if (this.#upstream?.isOpen) return this.#opened(tab);
    this.#upstream ??= new Upstream(this.#ports.connect(url, [...protocols]), this.#ports.clock, {
      opened: () => this.#tabs.forEach((each) => this.#opened(each)),
      closed: (closed) => this.#closed(closed),
      received: (messages) => {
        for (const { message, offset } of messages) this.#received(message, offset);
        this.#flush();
      },
    });
  }

  /** One question for each lock, however often its tab comes back. */
  #watch(lock: string, tab: Tab): void {
    const watched = this.#locks.get(lock);
    if (watched !== undefined) return void watched.add(tab);
    const tabs = new Set([tab]);
    this.#locks.set(lock, tabs);
    void this.#ports.gone?.(lock).then(() => {
      this.#locks.delete(lock);
      for (const each of tabs) this.#leaves(each);
    });
  }

  #unwatch(tab: Tab): void {
    for (const tabs of this.#locks.values()) tabs.delete(tab);
  }

  #opened(tab: Tab): void {
    tab.isOpen = true;
    tab.post({ kind: "opened" });
  }

  #closed({ code, reason }: Closed): void {
    this.#upstream = null;
    this.#topics.clear();
    const tabs = [...this.#tabs];
    this.#tabs.clear();
    for (const tab of tabs) {
      this.#unwatch(tab);
      tab.isOpen = false;
      tab.post({ kind: "closed", code, reason });
      tab.close();
    }
  }

  #leaves(tab: Tab): void {
    if (!this.#tabs.delete(tab)) return;
    this.#unwatch(tab);
    tab.isOpen = false;
    tab.close();
    // With the last tab the connection goes, as it would with its only page: the session may wait for the next one.
    if (this.#tabs.size === 0) return this.#upstream?.close(CLOSE_NORMAL, "no tab is left");
    for (const [topic, shared] of this.#topics) {
      if (!shared.tabs.has(tab)) continue;
      if (shared.leave(tab)) this.#leave(topic, shared, `${tab.id}.left`);
      else this.#tellTabs(topic, shared);
    }
  }

  /** Nobody is left in a topic. */
  #leave(topic: string, { current }: SharedTopic<Tab>, ref: string): void {
    this.#topics.delete(topic);
    this.#upstream?.send({ join_ref: current, ref, topic, event: "phx_leave", payload: {} });
  }

  #sends(tab: Tab, data: string | ArrayBuffer): void {
    const given = typeof data === "string" ? data : new Uint8Array(data);
    phoenixV21.decode(given, (message) => this.#send(tab, message));
    this.#flush();
  }

  #send(tab: Tab, { joinRef, ref, topic, event, payload }: Inbound): void {
    const upRef = ref === null ? null : `${tab.id}.${ref}`;
    const shared = this.#topics.get(topic);
    if (event === "phx_join" && joinRef !== null) {
      if (shared === undefined) this.#topics.set(topic, new SharedTopic(tab, joinRef));
      const join_ref = shared?.join(tab, joinRef) ?? `${tab.id}.${joinRef}`;
      const tabs = shared?.tabs.size ?? 1;
      this.#upstream?.send({ join_ref, ref: upRef, topic, event, payload: this.#joining(payload, tabs) });
      if (tabs > 1 && !isRecord(payload)) this.#tellTabs(topic, shared!);
      return;
    }
    if (shared === undefined || !shared.tabs.has(tab)) {
      const join_ref = joinRef === null ? null : `${tab.id}.${joinRef}`;
      return this.#upstream?.send({ join_ref, ref: upRef, topic, event, payload });
    }
    if (event === "phx_leave") {
      if (shared.leave(tab)) return this.#leave(topic, shared, upRef ?? `${tab.id}.left`);
      this.#tellTabs(topic, shared);
      tab.write(phoenixV21.reply(joinRef, ref, topic, "ok", {}));
      return tab.write(phoenixV21.ended(joinRef, topic, "phx_close", {}));
    }
    this.#upstream?.send({ join_ref: shared.current, ref: upRef, topic, event, payload });
  }

  /** What joins for all tabs of a topic: the session is that of all of them, and each is present. */
  #joining(payload: unknown, tabs: number): unknown {
    if (!isRecord(payload)) return payload;
    return {
      ...payload,
      ...(this.#session !== null && { "troupe:session": this.#session }),
      ...(tabs > 1 && { troupe: { ...payload.troupe as object | undefined, tabs } }),
    };
  }

  /** A tab has gone, and others stay: it is not present any more. */
  #tellTabs(topic: string, { current, tabs }: SharedTopic<Tab>): void {
    this.#upstream?.send({
      join_ref: current,
      ref: null,
      topic,
      event: "troupe:tabs",
      payload: { tabs: tabs.size },
    });
  }

  #received(message: ClientMessage, offset: number | null): void {
    const { join_ref, ref, topic, event, payload } = message;
    const shared = this.#topics.get(topic);
    if (event === "phx_reply") return this.#replied(message, shared);
    if (!join_ref) {
      const frame = phoenixV21.publication(
        topic,
        event,
        viewOf(payload),
        offset === null ? null : { epoch: "", offset },
      );
      if (offset !== null) shared?.advance(offset);
      for (const tab of shared?.tabs.keys() ?? this.#concerned(topic, event)) tab.write(frame);
      return;
    }
    if (shared === undefined || join_ref !== shared.current) return; // of a join that a newer one has taken the place of
    this.#greeted(event === "troupe:session" ? payload : null);
    const isEnd = (event === "phx_close" || event === "phx_error") && ref === join_ref;
    if (isEnd) this.#topics.delete(topic);
    for (const [tab, joinRef] of shared.tabs) {
      if (event === REQUEST_EVENT && tab !== shared.owner) continue;
      if (isEnd) tab.write(phoenixV21.ended(joinRef, topic, event, payload));
      else tab.write(phoenixV21.push(joinRef, topic, event, viewOf(payload)));
    }
  }

  /** Who is told of what is about the connection: everybody; but one of them is enough to bring a new token. */
  #concerned(topic: string, event: string): Tab[] {
    if (topic !== "troupe") return [];
    return event === "troupe:expiring" ? [...this.#tabs].slice(0, 1) : [...this.#tabs];
  }

  #replied({ join_ref, ref, topic, payload }: ClientMessage, shared: SharedTopic<Tab> | undefined): void {
    const [id, own] = split(ref ?? "");
    const tab = [...this.#tabs].find((each) => each.id === id);
    if (tab === undefined) return;
    const { status, response } = payload as { status: string; response: unknown };
    const joinRef = shared?.tabs.get(tab) ?? (join_ref ? split(join_ref)[1] : null);
    tab.write(phoenixV21.reply(joinRef, own, topic, status as "ok" | "error", viewOf(response)));
    if (shared !== undefined && ref === shared.current) this.#joined(tab, topic, shared, status, response);
  }

  /** A join is answered: what does that mean to the tabs that had joined before? */
  #joined(tab: Tab, topic: string, shared: SharedTopic<Tab>, status: string, response: unknown): void {
    if (status !== "ok") {
      // The server has ended the channel that the others had, for this one.
      this.#topics.delete(topic);
      return this.#rejoin(tab, topic, shared, "a tab was refused");
    }
    const { troupe } = (response ?? {}) as { troupe?: { offset?: unknown } };
    this.#greeted(troupe);
    if (typeof troupe?.offset !== "number") return;
    // Between the old channel and the new one something was published that nobody got.
    const isGap = shared.offset !== null && troupe.offset > shared.offset;
    shared.advance(troupe.offset);
    if (isGap) this.#rejoin(tab, topic, shared, "a tab has joined");
  }

  /** Has the other tabs join again, each from its own position. */
  #rejoin(except: Tab, topic: string, shared: SharedTopic<Tab>, reason: string): void {
    for (const [tab, joinRef] of shared.tabs) {
      if (tab !== except) tab.write(phoenixV21.ended(joinRef, topic, "phx_error", { reason }));
    }
  }

  #greeted(greeting: unknown): void {
    const { session } = (greeting ?? {}) as { session?: unknown };
    if (typeof session === "string") this.#session = session;
  }

  #flush(): void {
    for (const tab of this.#tabs) tab.flush();
  }
}

/** `7.12` → 7 and `12`. */
function split(ref: string): [id: number, own: string] {
  const at = ref.indexOf(".");
  return [Number(ref.slice(0, at)), ref.slice(at + 1)];
}

/** The codec writes views of bytes. */
function viewOf(payload: unknown): unknown {
  return payload instanceof ArrayBuffer ? new Uint8Array(payload) : payload;
}
