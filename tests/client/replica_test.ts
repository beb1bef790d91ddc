import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { z } from "zod";
import { App, defineTopic } from "../../mod.ts";
import { phoenixV21 } from "../../src/protocol/mod.ts";
import { FakeServer } from "./fake_server.ts";
import { ClientStage, soon } from "./stage.ts";

const Board = defineTopic("board:{id}", {
  client: { add: { payload: z.object({ text: z.string() }) }, clear: {}, wink: {} },
  server: { added: z.object({ text: z.string() }), cleared: z.object({}), winked: z.object({}) },
  state: {
    schema: z.object({ cards: z.array(z.string()) }),
    initial: { cards: [] },
    apply: {
      added: (state, { text }) => ({ cards: [...state.cards, text] }),
      cleared: () => ({ cards: [] }),
    },
  },
});

function boardApp(): App {
  return new App().topic(Board, {
    history: { size: 10, ttlMs: 60_000 },
    on: {
      add: (ctx, { text }) => ctx.broadcast("added", { text }),
      clear: (ctx) => ctx.broadcast("cleared", {}),
      wink: (ctx) => ctx.broadcast("winked", {}, { ephemeral: true }),
    },
  });
}

Deno.test("the state is there with the join, follows the events, and tells of each change", async () => {
  await using stage = new ClientStage(boardApp());
  const ada = stage.connect().join(Board, { id: "1" });
  assertEquals(ada.state, undefined);
  await soon(ada.joined);
  assertEquals(ada.state, { cards: [] });
  await soon(ada.send("add", { text: "a" }));
  const bob = stage.connect().join(Board, { id: "1" });
  await soon(bob.joined);
  assertEquals(bob.state, { cards: ["a"] });
  const told: unknown[] = [];
  bob.on("troupe:state", ({ cards }) => told.push(cards.join("")));
  bob.on("added", ({ text }) => told.push(`${text} in ${bob.state?.cards.join("")}`));
  await soon(bob.send("add", { text: "b" }));
  await soon(bob.send("wink"));
  await soon(bob.send("clear"));
  assertEquals(told, ["b in ab", "ab", ""]);
  assertEquals([ada.state, bob.state], [{ cards: [] }, { cards: [] }]);
});

Deno.test("states are equal after any interleaving of changes, drops and returns", async () => {
  const anyStep = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), who: fc.nat({ max: 1 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), who: fc.nat({ max: 1 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop" as const), who: fc.nat({ max: 1 }) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), async (steps) => {
      await using stage = new ClientStage(boardApp());
      const boards = [0, 1].map(() => stage.connect().join(Board, { id: "1" }));
      await soon(Promise.all(boards.map((board) => board.joined)));
      const sent: Promise<unknown>[] = [];
      for (const [n, { kind, who }] of steps.entries()) {
        // What becomes of a message whose connection breaks is not known here; the states are equal all the same.
        if (kind === "add") sent.push(boards[who].send("add", { text: String(n) }).catch(() => {}));
        else if (kind === "clear") sent.push(boards[who].send("clear").catch(() => {}));
        else {
          const [connection] = [...stage.app.connections].slice(who);
          if (connection !== undefined) stage.app.disconnect({ connection: connection.id });
        }
        if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve));
      }
      await soon(Promise.all(sent));
      // Both see this one, and all before it.
      const seen = boards.map((board) => board.next("added"));
      // A drop of before may break its connection, too: then it is said again.
      const sayEnd = (): Promise<unknown> => boards[0].send("add", { text: "end" }).catch(() => sayEnd());
      await soon(sayEnd());
      for (const board of boards) {
        while (!board.state?.cards.includes("end")) await new Promise((r) => setTimeout(r));
      }
      seen.forEach((each) => each.catch(() => {}));
      assertEquals(boards[0].state, boards[1].state);
    }),
    { numRuns: 15 },
  );
});

const snapshot = (joinRef: string, cards: unknown, offset: number) =>
  phoenixV21.push(joinRef, "board:1", "troupe:state", { state: { cards }, epoch: "e", offset });
const added = (text: unknown, offset: number) =>
  phoenixV21.publication("board:1", "added", { text }, { epoch: "e", offset });

Deno.test("a client that resumes keeps its state and asks for the rest alone; after a gap it takes a snapshot", async () => {
  await using server = new FakeServer();
  const board = server.connect().join(Board, { id: "1" });
  const first = await server.accept();
  const { joinRef, payload } = await first.welcome({ troupe: { epoch: "e", offset: 3 } });
  assertEquals(payload, { troupe: { state: true } });
  first.write(snapshot(joinRef, ["x"], 3), added("y", 4));
  await soon(board.joined);
  first.drop();
  const second = await server.accept();
  const resumed = await second.welcome({ troupe: { epoch: "e", offset: 4, recovery: "recovered" } });
  assertEquals(resumed.payload, { troupe: { epoch: "e", offset: 4 } });
  second.write(added("z", 5));
  assertEquals(board.state, { cards: ["x", "y", "z"] });
  second.drop();
  const third = await server.accept();
  const gap = { from: 6, to: 9 };
  const again = await third.welcome({ troupe: { epoch: "e", offset: 9, recovery: "partial", gap } });
  third.write(snapshot(again.joinRef, ["new"], 9), added("!", 10));
  assertEquals(board.state, { cards: ["new", "!"] });
});

Deno.test("a connection that breaks between a gap and its snapshot leaves no state that is another one than the server's", async () => {
  for (
    const [recovery, epoch, offset] of [["partial", "e", 9], ["reset", "f", 2], [undefined, "e", 9]] as const
  ) {
    await using server = new FakeServer();
    const board = server.connect().join(Board, { id: "1" });
    const first = await server.accept();
    const { joinRef } = await first.welcome({ troupe: { epoch: "e", offset: 3 } });
    first.write(snapshot(joinRef, ["x"], 3));
    await soon(board.joined);
    first.drop();
    const second = await server.accept();
    const gap = recovery === "partial" ? { from: 4, to: offset } : undefined;
    await second.welcome({ troupe: { epoch, offset, recovery, gap } });
    second.drop();
    const third = await server.accept();
    const troupe = { epoch, offset };
    const { joinRef: ref, payload } = await third.welcome({ troupe: { ...troupe, recovery: "recovered" } });
    // It goes on behind the gap, of which it has been told, and asks for what it lacks.
    assertEquals(payload, { troupe: { ...troupe, state: true } });
    assertEquals(board.state, { cards: ["x"] });
    const state = { state: { cards: ["server"] }, epoch, offset: offset + 1 };
    const behind = (n: number) =>
      phoenixV21.publication("board:1", "added", { text: String(n) }, { epoch, offset: offset + n });
    third.write(phoenixV21.push(ref, "board:1", "troupe:state", state), behind(1), behind(2));
    assertEquals(board.state, { cards: ["server", "2"] });
  }
});

Deno.test("a snapshot that has yet to be read when a gap is told is not taken for the one behind the gap", async () => {
  const checks: (() => void)[] = [];
  const reply = z.object({}).refine(() =>
    new Promise<boolean>((resolve) => checks.push(() => resolve(true)))
  );
  /** Reads the reply whose turn it is. */
  const release = async (): Promise<void> => {
    while (checks.length === 0) await new Promise((resolve) => setTimeout(resolve));
    for (const pass of checks.splice(0)) pass();
  };
  const cards = z.object({ cards: z.array(z.string()) });
  const Slow = defineTopic("board:{id}", {
    join: { reply },
    state: { schema: cards, initial: { cards: [] }, apply: {} },
  });
  await using server = new FakeServer();
  const slow = server.connect().join(Slow, { id: "1" });
  const first = await server.accept();
  // It is behind the reply, whose schema takes its time.
  first.write(snapshot((await first.welcome({ troupe: { epoch: "e", offset: 3 } })).joinRef, ["old"], 3));
  first.drop();
  const second = await server.accept();
  const gap = { from: 4, to: 9 };
  await second.welcome({ troupe: { epoch: "e", offset: 9, recovery: "partial", gap } });
  await release();
  while (checks.length === 0) await new Promise((resolve) => setTimeout(resolve));
  second.drop();
  const third = await server.accept();
  const troupe = { epoch: "e", offset: 9 };
  const { joinRef, payload } = await third.welcome({ troupe: { ...troupe, recovery: "recovered" } });
  assertEquals([payload, slow.state], [{ troupe: { ...troupe, state: true } }, undefined]);
  third.write(snapshot(joinRef, ["new"], 9));
  const told = soon(slow.next("troupe:state"));
  await release();
  await release();
  assertEquals(await told, { cards: ["new"] });
});

Deno.test("a client that asks for the whole history of a topic gets its state as well, and at once", async () => {
  await using stage = new ClientStage(boardApp());
  const ada = stage.connect().join(Board, { id: "1" });
  await soon(ada.send("add", { text: "a" }));
  const never = new Error("the state has not come");
  const bob = stage.connect({ timeoutMs: 2_147_483_647 }).join(Board, { id: "1" }, {}, { history: "all" });
  const heard: string[] = [];
  bob.on("added", ({ text }) => heard.push(text));
  await soon(bob.joined.catch(() => Promise.reject(never)));
  assertEquals(bob.state, { cards: ["a"] });
  await soon(bob.send("add", { text: "b" }));
  assertEquals([heard, bob.state], [["a", "b"], { cards: ["a", "b"] }]);
});

Deno.test("an apply that throws, or an event that cannot be read, has the client take a snapshot", async () => {
  const faults: string[] = [];
  const Picky = defineTopic("board:{id}", {
    server: { added: z.object({ text: z.string() }) },
    state: {
      schema: z.object({ cards: z.array(z.string()) }),
      initial: { cards: [] },
      apply: {
        added(state, { text }) {
          if (text === "poison") throw new Error("poisoned");
          return { cards: [...state.cards, text] };
        },
      },
    },
  });
  await using server = new FakeServer();
  const troupe = server.connect({ failed: (error) => faults.push(String(error)) });
  const board = troupe.join(Picky, { id: "1" });
  const reasons: unknown[] = [];
  board.on("troupe:suspended", ({ reason }) => reasons.push((reason as { reason: unknown }).reason));
  const connection = await server.accept();
  let { joinRef } = await connection.welcome({ troupe: { epoch: "e", offset: 0 } });
  connection.write(snapshot(joinRef, [], 0));
  await soon(board.joined);
  await new Promise((resolve) => setTimeout(resolve)); // those who waited for the join have had their turn
  let offset = 0;
  const heard: unknown[] = [];
  board.on("added", ({ text }) => heard.push(text));
  for (const text of ["poison", 5, "poison"]) {
    connection.write(added(text, ++offset), added("behind", ++offset));
    // It is not left meanwhile, so that what comes is not missed, and nobody sees it go.
    const troupe = { epoch: "e", offset };
    const join = await connection.welcome({ troupe: { ...troupe, recovery: "recovered" } });
    joinRef = join.joinRef;
    assertEquals(join.payload, { troupe: { ...troupe, state: true } });
    connection.write(snapshot(joinRef, [`at ${offset}`], offset));
    assertEquals(board.state, { cards: [`at ${offset}`] });
    connection.write(added("next", ++offset));
    assertEquals(board.state, { cards: [`at ${offset - 1}`, "next"] });
  }
  assertEquals(heard, ["poison", "behind", "next", "behind", "next", "poison", "behind", "next"]);
  assertEquals(reasons, ["apply_failed", "event_skipped", "apply_failed"]);
  assertEquals(faults, ["Error: poisoned", "Error: poisoned"]);
  assertEquals(troupe.counters["replica.resets"], 3);
  assert(board.status === "joined");
});

Deno.test("a client that takes a snapshot misses nothing meanwhile, and its messages are answered", async () => {
  await using stage = new ClientStage(boardApp());
  let poisons = 2;
  const Picky = defineTopic("board:{id}", {
    client: { add: { payload: z.object({ text: z.string() }) } },
    server: { added: z.object({ text: z.string() }) },
    state: {
      schema: z.object({ cards: z.array(z.string()) }),
      initial: { cards: [] },
      apply: {
        added(state, { text }) {
          if (text === "poison" && poisons-- > 0) throw new Error("poisoned");
          return { cards: [...state.cards, text] };
        },
      },
    },
  });
  const board = stage.connect({ failed() {} }).join(Picky, { id: "1" });
  await soon(board.joined);
  const heard: string[] = [];
  board.on("added", ({ text }) => heard.push(text));
  const texts = ["a", "poison", "b", "c", "poison", "d", "e"];
  for (const text of texts) {
    stage.app.broadcast("board:1", "added", { text });
    await new Promise((resolve) => setTimeout(resolve));
  }
  await soon(board.send("add", { text: "end" }));
  while (!board.state?.cards.includes("end")) await soon(board.next("troupe:state"));
  assertEquals([heard, board.state.cards], [[...texts, "end"], [...texts, "end"]]);
});

Deno.test("a server that has no state of its own keeps nobody waiting for it", async () => {
  await using server = new FakeServer();
  const board = server.connect().join(Board, { id: "1" });
  const connection = await server.accept();
  await connection.welcome({});
  await soon(board.joined);
  assertEquals(board.state, undefined);
});
