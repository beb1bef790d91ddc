import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Counters } from "../../src/base/inspect.ts";
import { Frame } from "../../src/protocol/frame.ts";
import { DedupeWindow } from "../../src/sessions/dedupe_window.ts";
import { HeldOutput } from "../../src/sessions/held_output.ts";

const channel = { unstoredReply: (ref: string): Frame => new Frame(`no ${ref}`) };

function setUp() {
  const out: string[] = [];
  const held = new HeldOutput({ write: ({ data }) => void out.push(data as string) }, channel);
  return { out, held, hold: (text: string) => held.hold(new Frame(text)) };
}

Deno.test("A held frame waits for all barriers that were raised before it, and for no later one", () => {
  const { out, held, hold } = setUp();
  held.raise();
  hold("r1");
  held.raise();
  hold("r2");
  held.pass();
  assertEquals(out, ["r1"]);
  assertEquals([held.blocked, held.holds], [true, true]);
  held.pass();
  assertEquals(out, ["r1", "r2"]);
  assertEquals([held.blocked, held.holds], [false, false]);
});

Deno.test("A frame that waits for two barriers is not released by one", () => {
  const { out, held, hold } = setUp();
  held.raise();
  held.raise();
  hold("r");
  held.pass();
  assertEquals(out, []);
  held.pass();
  assertEquals(out, ["r"]);
});

Deno.test("A barrier that is taken back is not waited for", () => {
  const { held } = setUp();
  held.raise();
  held.lower();
  assertEquals(held.blocked, false);
});

Deno.test("passAll lets everything go, in order", () => {
  const { out, held, hold } = setUp();
  for (const text of ["a", "b", "c"]) {
    held.raise();
    hold(text);
  }
  held.passAll();
  assertEquals(out, ["a", "b", "c"]);
  assertEquals(held.blocked, false);
});

Deno.test("Output keeps program order whatever the barriers do", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("raise", "say", "pass")), (steps) => {
    const { out, held } = setUp();
    let said = 0;
    for (const step of steps) {
      if (step === "raise") held.raise();
      else if (step === "pass") held.pass();
      else if (held.blocked) held.hold(new Frame(`${said++}`));
      else out.push(`${said++}`);
    }
    held.passAll();
    assertEquals(out, Array.from({ length: said }, (_, n) => `${n}`));
  }));
});

Deno.test("What is redirected goes to the new output, what waits, too; what is dropped goes nowhere", () => {
  const [first, second]: string[][] = [[], []];
  const to = (out: string[]) => ({ write: ({ data }: Frame) => void out.push(data as string) });
  const held = new HeldOutput(to(first), channel);
  held.raise();
  held.hold(new Frame("a"));
  held.redirect(to(second));
  held.pass();
  assertEquals([first, second], [[], ["a"]]);
  held.raise();
  held.hold(new Frame("b"));
  held.hold(new Frame("answer"), "7");
  held.hold(new Frame("push"), null, "push");
  assertEquals(held.drop().map(({ frame, ref, kind }) => [frame.data, ref, kind]), [
    ["b", null, "other"],
    ["answer", "7", "other"],
    ["push", null, "push"],
  ]);
  assertEquals([held.holds, held.blocked, held.drop()], [false, true, []]);
  held.hold(new Frame("c"));
  held.pass();
  assertEquals(second, ["a", "c"]);
});

Deno.test("What is given up drops what waits, but for what is true all the same", () => {
  const { out, held, hold } = setUp();
  held.raise();
  hold("answer");
  held.hold(new Frame("end"), null, "end");
  held.giveUp();
  held.passAll();
  assertEquals([out, held.holds], [["end"], false]);
});

Deno.test("What is lost takes its answer with it, and the answers to its repetitions, and no others", () => {
  const { out, held } = setUp();
  const window = new DedupeWindow(8, new Counters());
  const [first, second] = ["1", "2"].map((ref) => namedBy(window, ref));
  held.raise();
  held.hold(new Frame("ok 1"), "1", first);
  held.hold(new Frame("ok 2"), "2", second);
  held.hold(new Frame("ok 3"), "3", first);
  held.hold(new Frame("ok 4"), "4");
  held.hold(new Frame("ok 5"), "5");
  window.failed("room:1", "1", true);
  assertEquals(["1", "5", "6"].map((ref) => held.lose(ref)), [true, true, false]);
  held.passAll();
  assertEquals(out, ["no 1", "ok 2", "no 3", "ok 4", "no 5"]);
});

function namedBy(window: DedupeWindow, ref: string): object {
  const message = { joinRef: "0", ref, topic: "room:1", event: "say", payload: {} };
  const taken = window.take(message, ref, window);
  return "named" in taken ? taken.named : taken.repeated;
}
