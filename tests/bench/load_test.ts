import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RunOrder, Task as TaskOf, TurnOrder } from "../../bench/load/order.ts";
import type { WireSpec } from "../../bench/load/wire.ts";

const ignore = Deno.build.os !== "linux";
const CLIENTS = 3;
const RAW: WireSpec = { kind: "raw", path: "/" };

type Task = TaskOf<RunOrder> | TaskOf<TurnOrder>;

/** What a server does with what it gets. */
type Answer = (socket: WebSocket, text: string, all: readonly WebSocket[]) => void;

/**
 * Runs the load against a server of this process; where it takes turns, one in the first window and one in the second.
 * Whether it was content, and what it said.
 */
async function load(
  task: Task,
  answer: Answer,
  open: (socket: WebSocket) => void = () => {},
): Promise<[boolean, string]> {
  const all: WebSocket[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => {
      all.push(socket);
      open(socket);
    };
    socket.onmessage = ({ data }) => answer(socket, data, all);
    return response;
  });
  const order = { ...task, port: server.addr.port, serverPid: Deno.pid };
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "-A",
      new URL("../../bench/load/main.ts", import.meta.url).pathname,
      JSON.stringify(order),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const told = writer.write(new TextEncoder().encode("0\n1\n")).then(() => writer.close());
  const [{ success, stdout, stderr }] = await Promise.all([child.output(), told.catch(() => {})]);
  return [success, new TextDecoder().decode(success ? stdout : stderr)];
}

function echo(wire: WireSpec): Task {
  const windows = [{ inFlight: 2, payloadBytes: 64 }, { inFlight: 3, payloadBytes: 1_024 }];
  return { kind: "echo", connections: CLIENTS, windows, warmUpMs: 5, durationMs: 20, wire };
}

const FANOUT: Task = {
  kind: "fanout",
  connections: CLIENTS,
  paces: [{ inFlight: 8 }, { inFlight: 4 }],
  payloadBytes: 128,
  warmUpMs: 5,
  durationMs: 20,
  wire: RAW,
};

const toAll: Answer = (_socket, text, all) => all.forEach((each) => each.send(text));

Deno.test({
  name: "the load is content with servers that do what they have to, and gives figures for each window",
  ignore,
  async fn() {
    for (
      const [task, answer] of [[echo(RAW), (socket, text) => socket.send(text)], [FANOUT, toAll]] as [
        Task,
        Answer,
      ][]
    ) {
      const [success, text] = await load(task, answer);
      assert(success, text);
      const figures = figuresOf(text);
      assertEquals(figures.length, 2);
      for (const { perSecond, cpuMicros } of figures) assert(perSecond > 0 && cpuMicros > 0, text);
    }
  },
});

function figuresOf(text: string): { perSecond: number; cpuMicros: number }[] {
  const [ready, ...turns] = text.trim().split("\n");
  assertEquals(ready, "ready");
  return turns.map((line) => JSON.parse(line));
}

const LIARS: Record<string, { task: Task; answer: () => Answer }> = {
  "that changes what it sends back": {
    task: echo(RAW),
    answer: () => (socket, text) => socket.send(`${text.slice(0, -1)}!`),
  },
  "that cuts off what it sends back": {
    task: echo(RAW),
    answer: () => (socket, text) => socket.send(text.slice(0, -1)),
  },
  "that sends back in another order": {
    task: echo(RAW),
    answer: () => {
      const held = new Map<WebSocket, string>();
      return (socket, text) => {
        const before = held.get(socket);
        held.set(socket, text);
        if (before === undefined) return;
        held.delete(socket);
        socket.send(text);
        socket.send(before);
      };
    },
  },
  "that forgets somebody once": {
    task: FANOUT,
    answer: () => {
      let published = 0;
      return (_socket, text, all) => {
        const forgotten = ++published === 3 ? 1 : -1;
        all.forEach((each, i) => i !== forgotten && each.send(text));
      };
    },
  },
  "that sends to somebody twice": {
    task: FANOUT,
    answer: () => (_socket, text, all) => [...all, all[1]].forEach((each) => each.send(text)),
  },
};

for (const [name, { task, answer }] of Object.entries(LIARS)) {
  Deno.test({
    name: `the load finds out a server ${name}`,
    ignore,
    async fn() {
      const [success, text] = await load(task, answer());
      assert(!success, text);
      assertStringIncludes(text, "Wrong content");
    },
  });
}

Deno.test({
  name: "the load enters a Socket.IO server's namespace, answers its pings, and is acknowledged",
  ignore,
  async fn() {
    let pongs = 0;
    const answer: Answer = (socket, text) => {
      if (text === "40") return socket.send("2"); // it is in only when it has answered the ping
      if (text === "3") return ++pongs <= CLIENTS ? socket.send('40{"sid":"b"}') : undefined;
      const [, number, event] = text.match(/^42(\d+)(.*)$/)!;
      const [name, payload] = JSON.parse(event);
      assertEquals(name, "echo");
      if (payload.text.startsWith("0000000001")) socket.send("2");
      socket.send(`43${Number(number)}${JSON.stringify([payload])}`);
    };
    const [success, text] = await load(
      echo({ kind: "socket.io" }),
      answer,
      (socket) => socket.send('0{"sid":"a"}'),
    );
    assert(success, text);
    // On their way in, and on the way.
    assertEquals(pongs, 2 * CLIENTS);
  },
});
