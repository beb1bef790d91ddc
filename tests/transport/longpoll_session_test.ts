import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Counters } from "../../src/base/inspect.ts";
import { Frame, type WireData } from "../../src/protocol/frame.ts";
import { Turn } from "../../src/protocol/turn.ts";
import type { Socket, SocketSink } from "../../src/sessions/socket.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { LongpollSession } from "../../src/transport/longpoll_session.ts";

/** A session whose connection remembers what it is told. */
class Stage implements SocketSink {
  readonly clock = new VirtualClock();
  readonly counters = new Counters();
  readonly received_: WireData[] = [];
  readonly session: LongpollSession;
  closed_: { code: number; reason: string } | null = null;
  socket: Socket | null = null;
  isOver = false;
  token = "t1";

  constructor(windowMs = 1_000) {
    const { clock, counters } = this;
    const ports = { clock, counters, windowMs, over: () => void (this.isOver = true) };
    this.session = new LongpollSession(ports, "id", () => this.token);
    this.session.open(this);
  }

  opened(socket: Socket): void {
    this.socket = socket;
  }

  received(data: WireData): void {
    this.received_.push(data);
    if (data === "close") this.session.close(1007, "why");
  }

  closed(code: number, reason: string): void {
    assertEquals(this.closed_, null);
    this.closed_ = { code, reason };
  }

  send(...texts: string[]): void {
    this.session.send(new Turn(texts.map((text) => new Frame(text))));
  }

  pass(ms: number): void {
    const untilMs = this.clock.elapsedMs() + ms;
    while (this.clock.step(untilMs));
  }
}

const messages = (...texts: string[]): object => ({ messages: texts, status: 200, token: "t1" });
const NOTHING = { messages: [], status: 204, token: "t1" };

Deno.test("A long-poll session hands out what waits, at once and once", async () => {
  const stage = new Stage();
  stage.send("a", "é");
  stage.send("c");
  assertEquals(stage.session.bufferedBytes, 4);
  assertEquals(await stage.session.poll().json(), messages("a", "é", "c"));
  assertEquals(stage.session.bufferedBytes, 0);
  const next = stage.session.poll().json();
  stage.pass(1_000);
  assertEquals(await next, NOTHING);
});

Deno.test("A GET that waits is answered with the first turn that comes, and with nothing after the window", async () => {
  const stage = new Stage();
  const first = stage.session.poll().json();
  stage.pass(900);
  stage.send("a", "b");
  stage.send("c");
  assertEquals(await first, messages("a", "b"));
  assertEquals(await stage.session.poll().json(), messages("c"));
  const second = stage.session.poll().json();
  stage.pass(1_000);
  assertEquals(await second, NOTHING);
});

Deno.test("Of two GETs at once the older is answered at once, with nothing", async () => {
  const stage = new Stage();
  const [older, newer] = [stage.session.poll().json(), stage.session.poll().json()];
  assertEquals(await older, NOTHING);
  stage.send("a");
  assertEquals(await newer, messages("a"));
  assertEquals(stage.counters.get("longpoll.polls_replaced"), 1);
});

Deno.test("A client that goes away from a GET that waits loses no message", async () => {
  const stage = new Stage();
  const gone = stage.session.poll();
  await gone.body!.cancel();
  assertEquals(stage.counters.get("longpoll.polls_abandoned"), 1);
  stage.send("a");
  assertEquals(await stage.session.poll().json(), messages("a"));
});

Deno.test("A session ends 1.5 windows after its last GET, and not while one waits", async () => {
  const stage = new Stage();
  stage.pass(1_400);
  const poll = stage.session.poll().json();
  stage.pass(1_000);
  assertEquals(await poll, NOTHING);
  stage.pass(1_499);
  assertEquals(stage.closed_, null);
  stage.pass(1);
  assertEquals(stage.closed_, { code: 1006, reason: "" });
  assert(stage.isOver);
  assertEquals(stage.counters.get("longpoll.expired"), 1);
  assertEquals(stage.clock.pending, 0);
});

Deno.test("A client that vanished while its GET waited ends its session the same way", async () => {
  const stage = new Stage();
  await stage.session.poll().body!.cancel();
  stage.pass(1_499);
  assert(!stage.isOver);
  stage.pass(1);
  assert(stage.isOver);
});

Deno.test("A close answers the GET that waits at once, with the code and the reason", async () => {
  const stage = new Stage();
  const poll = stage.session.poll().json();
  stage.session.close(4401, "expired");
  assertEquals(await poll, { messages: [], status: 410, code: 4401, reason: "expired" });
  assert(stage.isOver);
  assertEquals(stage.closed_, null, "the engine knows");
  assertEquals(stage.clock.pending, 0);
});

Deno.test("What was handed over before a close can still be fetched, once; nothing comes behind it", async () => {
  const stage = new Stage();
  stage.send("last word");
  stage.session.close(1012, "restart");
  stage.send("too late");
  assert(!stage.isOver);
  assertEquals(await stage.session.poll().json(), messages("last word"));
  assert(stage.isOver);
  assertEquals(stage.clock.pending, 0);
});

Deno.test("What nobody fetches after a close is forgotten with the session's time", () => {
  const stage = new Stage();
  stage.send("last word");
  stage.session.close(1012, "restart");
  stage.pass(1_500);
  assert(stage.isOver);
  assertEquals([stage.closed_, stage.session.bufferedBytes, stage.clock.pending], [null, 0, 0]);
});

Deno.test("The end of the app forgets at once what still could be fetched", () => {
  const stage = new Stage();
  stage.send("last word");
  stage.session.close(1012, "restart");
  stage.session.lose();
  assert(stage.isOver);
  assertEquals(stage.clock.pending, 0);
});

Deno.test("A message that closes the session is the last that is handed over", () => {
  const stage = new Stage();
  stage.session.receive(["a", "close", "b"]);
  assertEquals(stage.received_, ["a", "close"]);
  assertEquals(stage.session.gone, { status: 410, code: 1007, reason: "why" });
});

Deno.test("The token goes out with every answer, so that it can change", async () => {
  const stage = new Stage();
  const poll = stage.session.poll().json();
  stage.token = "t2";
  stage.send("a");
  assertEquals((await poll).token, "t2");
});

Deno.test("Bytes of a foreign codec go as base64", async () => {
  const stage = new Stage();
  stage.session.send(new Turn([new Frame(new Uint8Array([255, 0]))]));
  assertEquals(await stage.session.poll().json(), messages("/wA="));
});

Deno.test("POSTs of one session are handled one after another, and only so many wait", async () => {
  const { session } = new Stage();
  const log: string[] = [];
  const gates: (() => void)[] = [];
  const work = (name: string) => async (): Promise<Response> => {
    log.push(`${name} begins`);
    await new Promise<void>((resolve) => gates.push(resolve));
    log.push(`${name} ends`);
    return new Response(name);
  };
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const all = names.map((name) => session.inTurn(work(name)));
  assertEquals(session.inTurn(work("one too many")), null);
  for (const each of all) {
    while (gates.length === 0) await Promise.resolve();
    gates.shift()!();
    await each;
  }
  assertEquals(log, names.flatMap((name) => [`${name} begins`, `${name} ends`]));
  assert(session.inTurn(work("later")) !== null);
});

Deno.test("Whatever comes in whatever order: no message is handed out twice or out of order, and no timer stays (property)", async () => {
  const step = fc.oneof(
    fc.constantFrom("send", "poll", "abandon"),
    fc.integer({ min: 1, max: 1_600 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, closes) => {
      const stage = new Stage();
      const answers: Promise<{ messages: string[]; status: number }>[] = [];
      let sent = 0;
      for (const each of steps) {
        if (stage.isOver) break;
        if (typeof each === "number") stage.pass(each);
        else if (each === "send") stage.send(`m${sent++}`);
        else if (each === "poll") {
          answers.push(stage.session.poll().json());
        } else await stage.session.poll().body!.cancel();
      }
      if (closes && !stage.isOver) stage.session.close(1001, "bye");
      else if (!stage.isOver) answers.push(stage.session.poll().json());
      stage.pass(4_000);
      assert(stage.isOver);
      assertEquals(stage.clock.pending, 0);
      const got = (await Promise.all(answers)).flatMap((answer) => answer.messages);
      assertEquals(got, [...got].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
      assertEquals(new Set(got).size, got.length);
    }),
    { numRuns: 200 },
  );
});
