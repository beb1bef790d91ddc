import { assertEquals, assertThrows } from "@std/assert";
import { systemClock } from "../../../src/base/clock.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { TabHub } from "../../../src/client/tabs/tab_hub.ts";
import { type Broadcasts, type Locks, TabLeader } from "../../../src/client/tabs/tab_leader.ts";
import { TabTransport } from "../../../src/client/tabs/tab_transport.ts";
import { sharedTabs } from "../../../src/client/tabs/mod.ts";
import { TroupeError } from "../../../src/client/mod.ts";
import { Room, roomApp } from "../room.ts";
import { ClientStage, soon } from "../stage.ts";
import { pair } from "./tab_stage.ts";

/** One browser: locks, and a broadcast channel between its tabs. */
class Browser {
  readonly #queue: { tab: number; held: () => unknown }[] = [];
  readonly #channels = new Map<number, Broadcasts>();
  #holder: number | null = null;

  locks(tab: number): Locks {
    return {
      request: (_name, held) => {
        this.#queue.push({ tab, held });
        this.#grant();
        return new Promise(() => {});
      },
    };
  }

  broadcasts(tab: number): Broadcasts {
    const channel: Broadcasts = {
      onmessage: null,
      postMessage: (message) => {
        if (!this.#channels.has(tab)) return; // it is closed
        const data = structuredClone(message);
        const others = [...this.#channels].filter(([id]) => id !== tab).map(([, each]) => each);
        // In a turn of its own, in order.
        setTimeout(() => others.forEach(({ onmessage }) => onmessage?.({ data } as never)));
      },
    };
    this.#channels.set(tab, channel);
    return channel;
  }

  /** A tab is closed: its lock goes to the next. */
  close(tab: number): void {
    this.#channels.delete(tab);
    if (this.#holder === tab) this.#holder = null;
    this.#grant();
  }

  #grant(): void {
    if (this.#holder !== null) return;
    const next = this.#queue.find(({ tab }) => this.#channels.has(tab));
    if (next === undefined) return;
    this.#queue.splice(this.#queue.indexOf(next), 1);
    this.#holder = next.tab;
    setTimeout(() => next.held());
  }
}

Deno.test("one tab leads, and has the connection for all; when it goes, the next one does, and nothing is missed", async () => {
  await using stage = new ClientStage(roomApp());
  const browser = new Browser();
  const hubs: WebSocket[][] = [];
  const tabs = [0, 1, 2].map((id) => {
    const sockets: WebSocket[] = hubs[id] = [];
    const leader = new TabLeader("lock", {
      broadcasts: browser.broadcasts(id),
      locks: browser.locks(id),
      random: systemRandom,
      makeHub: () =>
        new TabHub({
          clock: systemClock,
          connect(url, protocols) {
            const socket = new WebSocket(url, protocols);
            sockets.push(socket);
            return socket;
          },
        }),
      makePair: pair,
    });
    class Tab extends TabTransport {
      constructor(url: string, protocols?: string[]) {
        super({ connect: () => leader.connect(), lock: null }, url, protocols);
      }
    }
    const client = stage.connect({ transport: Tab });
    return { leader, client, room: client.join(Room, { id: "1" }) };
  });
  await soon(Promise.all(tabs.map(({ room }) => room.joined)));
  assertEquals(tabs.map(({ leader }) => leader.isLeading), [true, false, false]);
  assertEquals(stage.app.connections.size, 1);
  const said = tabs.map(({ room }) => room.next("said"));
  await soon(tabs[2].room.send("say", { text: "hi" }));
  assertEquals((await soon(Promise.all(said))).map(({ text }) => text), ["hi", "hi", "hi"]);

  const back = tabs.slice(1).map(({ room }) => room.next("troupe:joined"));
  browser.close(0);
  hubs[0][0].close();
  await soon(tabs[0].client.close());
  await soon(Promise.all(back));
  assertEquals(tabs.map(({ leader }) => leader.isLeading), [true, true, false]); // the first is closed
  assertEquals(hubs.map((sockets) => sockets.length), [1, 1, 0]);
  const again = tabs[1].room.next("said");
  await soon(tabs[2].room.send("say", { text: "again" }));
  assertEquals((await soon(again)).text, "again");
});

Deno.test("a shared connection needs a name", () => {
  const error = assertThrows(() => sharedTabs({ name: "" }), TroupeError, "user's id");
  assertEquals(error.code, "invalid_option");
});
