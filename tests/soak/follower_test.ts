import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { Follower } from "../../soak/follower.ts";
import { Ledger } from "../../soak/ledger.ts";

interface Stage {
  readonly follower: Follower;
  readonly ledger: Ledger;
  readonly faults: string[];
  hear(...offsets: number[]): void;
}

function stage(mayMiss = true): Stage {
  const faults: string[] = [];
  const ledger = new Ledger("room:1", (text) => faults.push(text));
  const follower = new Follower("c1", ledger, mayMiss, (text) => faults.push(text));
  const hear = (...offsets: number[]): void => {
    for (const offset of offsets) follower.hear(offset, `p${offset}`);
  };
  return { follower, ledger, faults, hear };
}

const at = (offset: number) => ({ epoch: "e", offset });
const back = (offset: number) => ({ ...at(offset), recovery: "recovered" });
const partial = (from: number, to: number) => ({ ...at(to), recovery: "partial", gap: { from, to } });

Deno.test("Soak follower: everything in order, over several connections and gaps that it is told of, is no fault", () => {
  const { follower, faults, hear } = stage();
  follower.joined(at(4));
  hear(5, 6);
  follower.joined(back(6));
  hear(7);
  follower.missed({ count: 2, from: 8, to: 9 });
  hear(10);
  follower.joined(partial(11, 15));
  hear(16);
  follower.close();
  assertEquals([faults, follower.heard, follower.told], [[], 5, 7]);
  assertEquals(follower.recoveries, { recovered: 1, partial: 1 });
  assert(follower.isComplete);
});

Deno.test("Soak follower: a publication that does not come is found, and told once", () => {
  const { follower, faults, hear } = stage();
  follower.joined(at(0));
  hear(1, 3, 4);
  follower.close();
  assertEquals(faults, ["c1 in room:1 hears 3 (p3), and was not told of 2"]);
});

Deno.test("Soak follower: a publication that comes again is found, on the same connection and on the next", () => {
  const { follower, faults, hear } = stage();
  follower.joined(at(0));
  hear(1, 2, 2);
  follower.joined(back(2));
  hear(1);
  assertEquals(faults.length, 2);
  for (const fault of faults) assertStringIncludes(fault, "again");
});

Deno.test("Soak follower: the last publication that does not come is found at the end", () => {
  const { follower, ledger, faults, hear } = stage();
  follower.joined(at(0));
  hear(1);
  ledger.heard(2, "p2");
  assert(!follower.isComplete);
  follower.close();
  assertEquals(faults, ["c1 in room:1 stands at 1, and the end is 2"]);
});

Deno.test("Soak follower: a return to another place than it stood at is found", () => {
  for (
    const standing of [back(2), back(4), partial(3, 6), partial(4, 3), { ...at(3), recovery: "reset" }, at(3)]
  ) {
    const { follower, faults, hear } = stage();
    follower.joined(at(0));
    hear(1, 2, 3);
    follower.joined(standing);
    assertEquals(faults.length, 1, JSON.stringify(standing));
  }
});

Deno.test("Soak follower: a notice that does not fit to where it stands is found", () => {
  for (const [count, from, to] of [[1, 3, 3], [2, 2, 2], [1, 1, 1], [0, 2, 1]]) {
    const { follower, faults, hear } = stage();
    follower.joined(at(0));
    hear(1);
    follower.missed({ count, from, to });
    assertEquals(faults.length, 1, `${count} from ${from} to ${to}`);
  }
});

Deno.test("Soak follower: where all is kept, to be told of a gap is a fault", () => {
  const { follower, faults } = stage(false);
  follower.joined(at(0));
  follower.joined(partial(1, 2));
  assertEquals(faults, ["c1 in room:1 is told that it misses 2 of what is kept"]);
});

Deno.test("Soak follower: whatever is lost or repeated of any course, it is found", () => {
  const step = fc.constantFrom("hear", "hear", "hear", "return", "miss", "gap");
  const course = fc.array(step, { minLength: 3, maxLength: 30 });
  fc.assert(
    fc.property(course, fc.nat(), fc.constantFrom("none", "lose", "repeat"), (steps, place, fault) => {
      const { follower, ledger, faults } = stage();
      follower.joined(at(0));
      const heard = steps.flatMap((step, i) => step === "hear" ? [i] : []);
      const wrong = fault === "none" || heard.length === 0 ? -1 : heard[place % heard.length];
      let offset = 0;
      steps.forEach((step, i) => {
        if (step === "return") return follower.joined(back(follower.position!.offset));
        offset++;
        ledger.heard(offset, `p${offset}`);
        if (step === "hear") {
          for (let times = i !== wrong ? 1 : fault === "lose" ? 0 : 2; times > 0; times--) {
            follower.hear(offset, `p${offset}`);
          }
        } else if (step === "miss") follower.missed({ count: 1, from: offset, to: offset });
        else follower.joined(partial(offset, offset));
      });
      follower.close();
      assertEquals(faults.length > 0, wrong >= 0, faults.join("; "));
    }),
  );
});
