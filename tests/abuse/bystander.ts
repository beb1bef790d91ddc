/**
 * A client that harms nobody, in a process of its own, so that the attackers' work is not in its way: it sends, waits
 * for the answer, checks it, and sends again. A line on stdin asks for the latencies since the last one, in milliseconds;
 * the end of stdin ends it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ChannelClient, Client } from "../app/client.ts";

/** Between two messages, in milliseconds: its own pace. */
const PAUSE_MS = 5;

/** A bystander, seen from the test. */
export interface Bystander extends AsyncDisposable {
  readonly pid: number;
  /** The latencies since the last call, in milliseconds, shortest first. */
  take(): Promise<number[]>;
}

/** What it does: it pushes in a channel, or sends to the raw echo at `/echo`. */
export type Manner = "channel" | "raw";

/** Lets one join a server on this machine. */
export async function startBystander(port: number, manner: Manner = "channel"): Promise<Bystander> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(import.meta.url).pathname, String(port), manner],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const line = async (): Promise<string> => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The bystander has ended: see above");
      text += value;
    }
    const end = text.indexOf("\n");
    const first = text.slice(0, end);
    text = text.slice(end + 1);
    return first;
  };
  assertEquals(await line(), "joined");
  return {
    pid: child.pid,
    async take() {
      await writer.write(new TextEncoder().encode("take\n"));
      return JSON.parse(await line());
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      const { success } = await child.status;
      await reader.cancel();
      if (!success) throw new Error("The bystander was harmed: see above");
    },
  };
}

/** Sends the message `n`, and checks what comes back. */
type Exchange = (n: number) => Promise<void>;

async function inChannel(port: string): Promise<[Exchange, Client]> {
  const channel = await ChannelClient.open(`ws://127.0.0.1:${port}/socket`);
  channel.send("1", "1", "room:quiet", "phx_join", {});
  await channel.client.next();
  return [async (n) => {
    channel.send("1", String(n), "room:quiet", "echo", { n });
    const answer = JSON.parse(String(await channel.client.next()));
    assertEquals(answer, ["1", String(n), "room:quiet", "phx_reply", { status: "ok", response: { n } }]);
  }, channel.client];
}

async function atEcho(port: string): Promise<[Exchange, Client]> {
  const client = await Client.open(`ws://127.0.0.1:${port}/echo`);
  return [async (n) => {
    client.send(String(n));
    assertEquals(await client.next(), String(n));
  }, client];
}

async function main(port: string, manner: Manner): Promise<void> {
  const [exchange, client] = await (manner === "channel" ? inChannel(port) : atEcho(port));
  console.log("joined");
  let latencies: number[] = [];
  let over = false;
  void (async () => {
    for await (const _ of Deno.stdin.readable) {
      console.log(JSON.stringify(latencies.sort((a, b) => a - b)));
      latencies = [];
    }
    over = true;
  })();
  for (let n = 2; !over; n++) {
    const beganMs = performance.now();
    await exchange(n);
    latencies.push(performance.now() - beganMs);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await client.close();
}

if (import.meta.main) await main(Deno.args[0], Deno.args[1] as Manner);
