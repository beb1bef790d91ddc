import { assert, assertEquals, assertThrows } from "@std/assert";
import { TroupeError } from "../../mod.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { Publication } from "../../src/topics/publication.ts";
import { countingCodec, FakeSubscriber } from "./fixtures.ts";

Deno.test("A publication is encoded once for each codec", () => {
  const codecs = ["a", "b", "c"].map((name) => countingCodec(name));
  const publication = new Publication("t", "said", { n: 1 });
  for (let round = 0; round < 3; round++) {
    for (const codec of codecs) publication.frame(codec);
  }
  assertEquals(codecs.map(({ count }) => count), [1, 1, 1]);
  assert(publication.frame(codecs[1]) === publication.frame(codecs[1]));
});

Deno.test("A publication that one codec cannot carry throws there, and there alone", () => {
  const publication = new Publication("t", "said", new Uint8Array([1]));
  const error = assertThrows(() => publication.frame(phoenixV1), TroupeError);
  assertEquals(error.code, "unencodable_payload");
  publication.frame(countingCodec("v2"));
  assertThrows(() => publication.frame(phoenixV1), TroupeError);
});

Deno.test("The origin of a publication is told of its commit once", () => {
  const origin = new FakeSubscriber("a");
  const publication = new Publication("t", "said", {}, origin);
  publication.acknowledge();
  publication.acknowledge();
  assertEquals(origin.log, ["committed"]);
});
