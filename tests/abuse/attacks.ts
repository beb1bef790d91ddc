/**
 * What a server has to stand: each attack is bounded, comes from one address, and says under which names its refusals
 * are counted.
 *
 * @module
 */

import { encodeFrame, handshake, RawClient, textFrame } from "../wire/raw_client.ts";

/** How much of everything: 1 is the whole attack. */
export type Scale = number;

/** One way to harm a server. */
export interface Attack {
  readonly name: string;
  /**
   * The counters of which at least one must have gone up; none: the runtime refuses it before the application is asked.
   */
  readonly counted: readonly string[];
  /** Whether it comes to its end at a server without any limits, too. */
  readonly endsByItself: boolean;
  /** Carries it out. Resolves when every socket of its own is gone. */
  run(port: number, scale: Scale): Promise<void>;
}

const SOCKET = "/socket/websocket?vsn=2.0.0";
const encoder = new TextEncoder();
const join = (topic: string): Uint8Array => textFrame(`["1","1","${topic}","phx_join",{}]`);

/** Runs `each` `count` times, at most `width` at a time. */
async function times(count: number, width: number, each: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await each(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
}

/** Whatever becomes of it: a refusal, a reset and a close are all answers to an attack. */
async function bearing(client: RawClient, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch {
    // That is what a server under attack does.
  } finally {
    client[Symbol.dispose]();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** An open connection, as soon as the server takes one from this address again. */
async function getIn(port: number): Promise<RawClient> {
  for (let tries = 1;; tries++) {
    try {
      return await RawClient.open(port, SOCKET);
    } catch (error) {
      if (tries === 500) throw error;
      await pause(10);
    }
  }
}

/** All of them. */
export const ATTACKS: readonly Attack[] = [
  {
    name: "slowloris: handshakes that never end",
    counted: [],
    endsByItself: true,
    async run(port, scale) {
      const clients = await Promise.all(
        Array.from({ length: Math.ceil(200 * scale) }, () => RawClient.connect(port)),
      );
      const lines = handshake(SOCKET);
      for (let i = 0; i < 4; i++) {
        await Promise.all(
          clients.map((client) => client.send(encoder.encode(`${lines[i]}\r\n`)).catch(() => {})),
        );
        await pause(50); // between two drops of a slow drip, which is what the attack is
      }
      for (const client of clients) client[Symbol.dispose]();
    },
  },
  {
    name: "a flood at 100 times the message limit",
    counted: ["limits.messages.closed"],
    endsByItself: false,
    async run(port, scale) {
      const client = await getIn(port);
      await bearing(client, async () => {
        await client.send(join("room:attack"));
        const message = textFrame('["1","2","room:attack","echo",{}]');
        for (let i = 0; i < Math.max(8_000, 100_000 * scale); i += 100) {
          await client.send(...new Array(100).fill(message));
        }
        await client.closed;
      });
    },
  },
  {
    name: "a message of 64 MiB, in one frame",
    counted: [],
    endsByItself: true,
    async run(port) {
      const client = await getIn(port);
      await bearing(client, () => client.send(encodeFrame({ opcode: 1, payload: new Uint8Array(1 << 26) })));
    },
  },
  {
    name: "a message in fragments, larger than is accepted",
    counted: ["connections.too_big"],
    endsByItself: false,
    async run(port, scale) {
      const client = await getIn(port);
      await bearing(client, async () => {
        const payload = new Uint8Array(65_536).fill(0x20);
        const count = Math.max(32, Math.ceil(256 * scale));
        for (let i = 0; i < count; i++) {
          await client.send(encodeFrame({ opcode: i === 0 ? 1 : 0, payload, fin: i === count - 1 }));
        }
        await client.closed;
      });
    },
  },
  {
    name: "joins without end",
    counted: ["limits.joins.throttled", "channels.too_many"],
    endsByItself: false,
    async run(port, scale) {
      const client = await getIn(port);
      await bearing(client, async () => {
        for (let i = 0; i < Math.max(150, 5_000 * scale); i++) await client.send(join(`room:${i}`));
        await client.close(1000);
        await client.closed;
      });
    },
  },
  {
    name: "invalid UTF-8",
    counted: [],
    endsByItself: true,
    async run(port, scale) {
      await times(Math.ceil(100 * scale), 10, async () => {
        const client = await RawClient.connect(port);
        await bearing(client, async () => {
          await client.request(handshake(SOCKET));
          await client.send(encodeFrame({ opcode: 1, payload: new Uint8Array([0x5b, 0xff, 0xfe, 0xc0]) }));
          await client.closed;
        });
      });
    },
  },
  {
    name: "header bombs",
    counted: [],
    endsByItself: true,
    async run(port, scale) {
      const bomb = Object.fromEntries(
        Array.from({ length: 2_000 }, (_, i) => [`x-${i}`, "a".repeat(500)] as const),
      );
      await times(Math.ceil(50 * scale), 5, async () => {
        const client = await RawClient.connect(port);
        await bearing(client, () => client.request(handshake(SOCKET, bomb)));
      });
    },
  },
  // The last one: after it, the address has to wait before anything else from there is let in.
  {
    name: "10,000 connects from one address",
    counted: ["upgrades.refused.too_many_upgrades", "upgrades.refused.too_many_from_address"],
    endsByItself: true,
    async run(port, scale) {
      await times(Math.max(1_500, 10_000 * scale), 50, async () => {
        const client = await RawClient.connect(port);
        await bearing(client, () => client.request(handshake(SOCKET)));
      });
    },
  },
];
