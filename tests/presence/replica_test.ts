import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Replica, type ReplicaDelta } from "../../src/presence/replica.ts";

/** Everything that is seen, in an order that does not depend on the way there. */
function seen(replica: Replica<number>): string[] {
  return [...replica.keys].flatMap((key) => replica.of(key).map(({ ref, value }) => `${key} ${ref} ${value}`))
    .sort();
}

/** The same by way of JSON, as between nodes. */
function overWire<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** `to` asks `from` for what it lacks. */
function heal(to: Replica<number>, from: Replica<number>): void {
  const lacking = from.missing(overWire(to.context()));
  if (lacking !== null) assertEquals(to.merge(overWire(lacking)).left, 0);
}

Deno.test("Replica: several entries under a key, each with a tag of its own", () => {
  const replica = new Replica<number>("n");
  const [first, second] = [replica.add("u1", 1).entry, replica.add("u1", 2).entry];
  assertEquals([first.ref, second.ref], ["n.1", "n.2"]);
  assertEquals(replica.countOf("u1"), 2);
  assertEquals(replica.remove(first.ref)!.entry, first);
  assertEquals(replica.remove(first.ref), null);
  assertEquals(replica.of("u1"), [second]);
  assertEquals(replica.update(second.ref, 3)!.entry.value, 3);
  assertEquals(replica.update(second.ref, 4), null);
  assertEquals([replica.size, replica.keyCount, replica.countOf("u2")], [1, 1, 0]);
});

Deno.test("Replica: keys are only names, whatever they are called", () => {
  const replica = new Replica<number>("n");
  const keys = ["__proto__", "constructor", "toString", ""];
  for (const [value, key] of keys.entries()) replica.add(key, value);
  const other = new Replica<number>("m");
  heal(other, replica);
  assertEquals([...other.keys], keys);
  assertEquals(other.of("__proto__").map(({ value }) => value), [0]);
  assertEquals(other.of("hasOwnProperty"), []);
});

Deno.test("Replica: who joins under a key while another leaves it stays", () => {
  const [a, b] = [new Replica<number>("a"), new Replica<number>("b")];
  const { entry, delta } = a.add("u1", 1);
  b.merge(delta);
  const removed = a.remove(entry.ref)!;
  const added = b.add("u1", 2); // it has not heard of that yet
  a.merge(added.delta);
  b.merge(removed.delta);
  assertEquals(seen(a), ["u1 b.1 2"]);
  assertEquals(seen(b), seen(a));
});

Deno.test("Replica: nobody removes the entries of another", () => {
  const [a, b] = [new Replica<number>("a"), new Replica<number>("b")];
  const { entry, delta } = a.add("u1", 1);
  b.merge(delta);
  assertEquals(b.remove(entry.ref), null);
  assertEquals(b.update(entry.ref, 2), null);
  assertEquals(b.merge({ parts: [{ replica: "b", dots: [1, 9], entries: [] }] }).leaves, []);
  assertEquals(b.remove("b.zz"), null);
  assertEquals(b.remove("nonsense"), null);
  assertEquals(seen(b), ["u1 a.1 1"]);
});

Deno.test("Replica: what is merged says who came and who went, once", () => {
  const [a, b] = [new Replica<number>("a"), new Replica<number>("b")];
  const added = a.add("u1", 1);
  const updated = a.update(added.entry.ref, 2)!;
  assertEquals(b.merge(added.delta).joins, [added.entry]);
  assertEquals(b.merge(added.delta).joins, []);
  assertEquals(b.merge(updated.delta), { joins: [updated.entry], leaves: [added.entry], left: 0 });
  assertEquals(b.merge(added.delta), { joins: [], leaves: [], left: 0 }); // late, and over
  assertEquals(b.missing(a.context()), null);
});

Deno.test("Replica: an entry of an event that the part does not name is none", () => {
  const replica = new Replica<number>("a");
  const entries = [{ clock: 7, key: "u1", value: 1 }];
  assertEquals(replica.merge({ parts: [{ replica: "b", dots: [1, 1], entries }] }).joins, []);
  assertEquals(replica.size, 0);
});

Deno.test("Replica: the entries of one that is down are not seen until it is up, those that came meanwhile too", () => {
  const [a, b] = [new Replica<number>("a"), new Replica<number>("b")];
  const first = b.add("u1", 1);
  a.merge(first.delta);
  a.add("u1", 9);
  assertEquals(a.down("b").leaves, [first.entry]);
  assertEquals(a.down("b"), { joins: [], leaves: [] });
  assertEquals(seen(a), ["u1 a.1 9"]);
  const second = b.add("u2", 2);
  assertEquals(a.merge(second.delta).joins, []);
  assertEquals(a.merge(b.remove(first.entry.ref)!.delta).leaves, []);
  assertEquals(a.up("b").joins, [second.entry]);
  assertEquals(seen(a), ["u1 a.1 9", "u2 b.2 2"]);
  assertEquals(a.up("b"), { joins: [], leaves: [] });
  assertEquals(a.down("a"), { joins: [], leaves: [] });
  assertEquals(a.up("nobody"), { joins: [], leaves: [] });
});

Deno.test("Replica: one that is forgotten does not come back by what others say of it", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => new Replica<number>(name, { maxForgotten: 1 }));
  const { delta, entry } = c.add("u1", 1);
  a.merge(delta);
  b.merge(delta);
  assertEquals(a.forget("c").leaves, [entry]);
  assertEquals(a.forget("a").leaves, []);
  assertEquals(a.context().map(({ replica }) => replica), ["a"]);
  heal(a, b);
  assertEquals(a.size, 0);
  a.forget("x"); // more than are remembered
  heal(a, b);
  assertEquals(a.size, 1);
});

Deno.test("Replica: what would make too many gaps waits for the anti-entropy", () => {
  const [a, b] = [new Replica<number>("a"), new Replica<number>("b", { maxGaps: 2 })];
  const deltas = Array.from({ length: 9 }, (_, n) => a.add(`u${n}`, n).delta);
  assertEquals([1, 3, 5, 7].map((n) => b.merge(deltas[n]).left), [0, 0, 0, 1]);
  assertEquals(b.keyCount, 3);
  assertEquals(b.merge(deltas[2]).left, 0); // it closes a gap
  heal(b, a);
  assertEquals(seen(b), seen(a));
});

Deno.test("Replica: who has missed one of two updates knows that it lacks something", () => {
  const [a, b] = [new Replica<number>("a"), new Replica<number>("b")];
  const added = a.add("u1", 0);
  const first = a.update(added.entry.ref, 1)!;
  const second = a.update(first.entry.ref, 2)!;
  b.merge(added.delta);
  b.merge(second.delta);
  heal(b, a);
  assertEquals(seen(b), seen(a));
  assertEquals(a.missing(b.context()), null);
});

/** What happens among a few replicas: `at` does something, or hears again of something that was said. */
type Step =
  | { readonly do: "add" | "update" | "remove"; readonly at: number; readonly pick: number }
  | { readonly do: "hear"; readonly at: number; readonly pick: number }
  | { readonly do: "heal"; readonly at: number; readonly pick: number }
  | { readonly do: "down" | "up"; readonly at: number; readonly pick: number };

const KEYS = ["u1", "u2", "__proto__"];
const COUNT = 3;

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("add", "add", "update", "remove", "hear", "hear", "hear", "heal", "down", "up"),
  at: fc.nat({ max: COUNT - 1 }),
  pick: fc.nat({ max: 1_000 }),
});

/** Runs the steps; deltas are heard in any order, some twice, some never. Gives what each replica itself has. */
function run(replicas: readonly Replica<number>[], steps: readonly Step[]): string[][] {
  const said: ReplicaDelta<number>[] = [];
  const own = replicas.map(() => new Map<string, string>());
  for (const { do: what, at, pick } of steps) {
    const replica = replicas[at];
    const refs = [...own[at].keys()];
    const ref = refs[pick % refs.length];
    const before = seen(replica);
    if (what === "add") {
      const { entry, delta } = replica.add(KEYS[pick % KEYS.length], pick);
      own[at].set(entry.ref, `${entry.key} ${entry.ref} ${entry.value}`);
      said.push(delta);
    } else if (what === "update" && ref !== undefined) {
      const { entry, delta } = replica.update(ref, pick)!;
      own[at].delete(ref);
      own[at].set(entry.ref, `${entry.key} ${entry.ref} ${entry.value}`);
      said.push(delta);
    } else if (what === "remove" && ref !== undefined) {
      said.push(replica.remove(ref)!.delta);
      own[at].delete(ref);
    } else if (what === "hear" && said.length > 0) {
      const { joins, leaves } = replica.merge(overWire(said[pick % said.length]));
      assertEquals(seen(replica), changed(before, joins, leaves)); // the diff tells all of it
    } else if (what === "heal") heal(replica, replicas[pick % replicas.length]);
    else if (what === "down") replica.down(replicas[pick % replicas.length].name);
    else if (what === "up") replica.up(replicas[pick % replicas.length].name);
  }
  return own.map((entries) => [...entries.values()]);
}

function changed(
  before: readonly string[],
  joins: readonly { key: string; ref: string; value: number }[],
  leaves: readonly { key: string; ref: string; value: number }[],
): string[] {
  const text = ({ key, ref, value }: { key: string; ref: string; value: number }): string =>
    `${key} ${ref} ${value}`;
  const after = new Set(before);
  for (const entry of leaves) assert(after.delete(text(entry)));
  for (const entry of joins) {
    assert(!after.has(text(entry)));
    after.add(text(entry));
  }
  return [...after].sort();
}

Deno.test("Replica: all see the same in the end, whatever order, repetition and loss of what was said", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const replicas = Array.from({ length: COUNT }, (_, n) => new Replica<number>(`r${n}`));
      const own = run(replicas, steps);
      for (const to of replicas) for (const { name } of replicas) to.up(name);
      // Anti-entropy along a line and back reaches everybody: not all have to ask all.
      for (let n = 1; n < COUNT; n++) heal(replicas[n], replicas[n - 1]);
      for (let n = COUNT - 1; n > 0; n--) heal(replicas[n - 1], replicas[n]);
      for (const replica of replicas) {
        assertEquals(seen(replica), own.flat().sort());
        assertEquals(replica.size, own.flat().length);
        for (const other of replicas) assertEquals(replica.missing(other.context()), null);
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("Replica: what is said in order, once and whole needs no anti-entropy", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [writer, reader] = [new Replica<number>("w"), new Replica<number>("r")];
      const refs: string[] = [];
      for (const { do: what, pick } of steps) {
        const ref = refs[pick % refs.length];
        if (what === "add") {
          const { entry, delta } = writer.add(KEYS[pick % KEYS.length], pick);
          refs.push(entry.ref);
          reader.merge(delta);
        } else if (what === "remove" && ref !== undefined) {
          reader.merge(writer.remove(ref)!.delta);
          refs.splice(refs.indexOf(ref), 1);
        }
        assertEquals(seen(reader), seen(writer));
      }
      assertEquals(writer.missing(reader.context()), null);
    }),
    { numRuns: 300 },
  );
});
