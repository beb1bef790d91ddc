import { assertEquals } from "@std/assert";
import { seededRandom } from "../../src/base/random.ts";
import { Ledger } from "../../soak/ledger.ts";
import { Publisher } from "../../soak/publisher.ts";
import { Tally } from "../../soak/tally.ts";

interface Stage {
  readonly publisher: Publisher;
  readonly ledger: Ledger;
  readonly tally: Tally;
  /** What was sent: `look`, or the id of what was said. Ever new refs are given. */
  readonly sent: string[];
  /** The ref of the last. */
  ref(): string;
  told: number;
}

function stage(): Stage {
  const sent: string[] = [];
  const tally = new Tally();
  const ledger = new Ledger("room:1", tally.fault);
  const it: Stage = {
    ...{ sent, tally, ledger, told: 0, ref: () => String(sent.length) },
    publisher: new Publisher({
      ...{ name: "p", ledger, tally, payloadBytes: 1, everyMs: 10, cut() {}, told: () => it.told },
      random: seededRandom(3), // whose first messages are sent once
      send(event, payload) {
        sent.push(event === "look" ? "look" : (payload as { id: string }).id);
        return String(sent.length);
      },
    }),
  };
  it.publisher.joined(false, 0);
  it.publisher.act(100, false);
  assertEquals(sent, ["p-1"]);
  return it;
}

Deno.test("Soak publisher: what is answered with ok is acknowledged, and not sent again", () => {
  const { publisher, ledger, sent, ref } = stage();
  publisher.answered(ref(), "ok", "", 110);
  publisher.left();
  publisher.joined(true, 200);
  assertEquals([sent, publisher.isBusy, ledger.acknowledged], [["p-1"], false, 1]);
});

Deno.test("Soak publisher: back in its session, it repeats at once what was not answered, under the same id", () => {
  const { publisher, sent } = stage();
  publisher.left();
  publisher.joined(true, 200);
  assertEquals(sent, ["p-1", "p-1"]);
});

Deno.test("Soak publisher: in another session, it looks first, and repeats only what is nowhere", () => {
  const { publisher, ledger, sent, ref } = stage();
  publisher.act(200, false);
  publisher.left();
  ledger.heard(1, "p-1");
  publisher.joined(false, 300);
  assertEquals(sent.slice(2), ["look"]);
  publisher.answered(ref(), "ok", "", 400);
  assertEquals(sent.slice(3), ["p-2"]);
});

Deno.test("Soak publisher: a look that is not answered is made again, also where the session is the same then", () => {
  const { publisher, sent, ref } = stage();
  publisher.left();
  publisher.joined(false, 300);
  publisher.left();
  publisher.joined(true, 400);
  assertEquals(sent, ["p-1", "look", "look"]);
  publisher.answered(ref(), "ok", "", 500);
  assertEquals(sent.slice(3), ["p-1"]);
});

Deno.test("Soak publisher: who was told of a gap meanwhile cannot see what is in it", () => {
  const it = stage();
  it.publisher.left();
  it.told = 1;
  it.publisher.joined(false, 300);
  it.publisher.answered(it.ref(), "ok", "", 400);
  it.ledger.heard(1, "p-1");
  it.ledger.heard(2, "p-1");
  assertEquals([it.sent, it.ledger.repeated, it.tally.faults], [["p-1", "look", "p-1"], 1, []]);
});

Deno.test("Soak publisher: what was refused is sent again a while later, under the same id", () => {
  const { publisher, sent, ref } = stage();
  publisher.answered(ref(), "error", "not_stored", 110);
  publisher.act(300, true);
  assertEquals(sent, ["p-1"]);
  publisher.act(700, true);
  assertEquals(sent, ["p-1", "p-1"]);
});
