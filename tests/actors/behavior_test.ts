import { actor, type Overflow, TroupeError } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals, assertThrows } from "@std/assert";

const quiet = { init: () => null, receive: (state: null) => state };

Deno.test("a behaviour is a value that any number of actors can run, each with its own state", async () => {
  await using kit = new Kit();
  const seen: number[] = [];
  const counter = actor<null, number, number>({
    init: (_ctx, start) => start,
    receive: (count) => (seen.push(count + 1), count + 1),
  });
  const [one, two] = [kit.system.spawn(counter, { args: 0 }), kit.system.spawn(counter, { args: 10 })];
  for (const ref of [one, two, one]) ref.tell(null);
  await kit.settle();
  assertEquals(seen.sort(), [1, 11, 2]);
});

Deno.test("a bound that is no positive whole number is refused at once: bad_behavior", () => {
  for (const bad of [0, -1, 1.5, NaN, Infinity, "10" as unknown as number]) {
    for (const definition of [{ mailbox: { capacity: bad } }, { stashCapacity: bad }]) {
      const error = assertThrows(() => actor<null, null>({ ...quiet, ...definition }), TroupeError);
      assertEquals(error.code, "bad_behavior", `${bad}`);
    }
  }
});

Deno.test("an overflow policy that is none is refused at once: bad_behavior", () => {
  for (const bad of ["drop", null, {}, { conflate: "key" }]) {
    const mailbox = { overflow: bad as unknown as Overflow<null> };
    const error = assertThrows(() => actor<null, null>({ ...quiet, mailbox }), TroupeError, "conflate");
    assertEquals(error.code, "bad_behavior");
  }
  actor<null, null>({ ...quiet, mailbox: { overflow: { conflate: () => 1 } } });
});

Deno.test("methods of a definition see it as `this`", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  const definition = {
    greeting: "hello",
    init: () => null,
    receive(state: null, name: string): null {
      seen.push(`${this.greeting} ${name}`);
      return state;
    },
  };
  kit.system.spawn(actor<string, null>(definition)).tell("Ada");
  await kit.settle();
  assertEquals(seen, ["hello Ada"]);
});

Deno.test("a behaviour is called `actor` if it does not say", () => {
  assertEquals(actor<null, null>(quiet).name, "actor");
  assertEquals(actor<null, null>({ ...quiet, name: "own" }).name, "own");
});
