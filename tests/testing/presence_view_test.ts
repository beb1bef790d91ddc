import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Presence, type PresenceState } from "phoenix";
import { type PresenceMeta, PresenceView } from "../../src/testing/presence_view.ts";

type State = PresenceState<Record<string, unknown>>;
type Message = ["presence_state", State] | ["presence_diff", { joins: State; leaves: State }];

const metas = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 })
  .map((refs) => ({ metas: refs.map((ref) => ({ phx_ref: `r${ref}`, ref })) }));
const presences = fc.dictionary(fc.constantFrom("ada", "bob", "__proto__", "eve"), metas, {
  maxKeys: 3,
}) as fc.Arbitrary<
  State
>;
const message: fc.Arbitrary<Message> = fc.oneof(
  presences.map((state): Message => ["presence_state", state]),
  fc.record({ joins: presences, leaves: presences }).map((diff): Message => ["presence_diff", diff]),
);

/** Who is present, and by which refs, in no order: phoenix keeps none on a state. */
function refsOf(present: Iterable<[string, readonly PresenceMeta[]]>): [string, string[]][] {
  return [...present].map(([key, all]): [string, string[]] => [key, all.map(({ phx_ref }) => phx_ref).sort()])
    .sort(([a], [b]) => a < b ? -1 : 1);
}

Deno.test("PresenceView sees what phoenix.js sees, whatever the server says", () => {
  fc.assert(fc.property(presences, fc.array(message, { maxLength: 10 }), (first, messages) => {
    const view = new PresenceView();
    let phoenix: State = {};
    for (const [event, payload] of [["presence_state", first] as Message, ...messages]) {
      view.receive(event, structuredClone(payload));
      phoenix = event === "presence_state"
        ? Presence.syncState(phoenix, structuredClone(payload))
        : Presence.syncDiff(phoenix, structuredClone(payload));
    }
    assertEquals(
      refsOf(view.present),
      refsOf(Object.entries(phoenix).map(([key, { metas }]) => [key, metas])),
    );
  }));
});

Deno.test("A diff that comes before the state waits for it, at each join", () => {
  const view = new PresenceView();
  const ada = (ref: string) => ({ ada: { metas: [{ phx_ref: ref }] } });
  for (const ref of ["a", "b"]) {
    const before = view.present;
    view.joining();
    view.receive("presence_diff", { joins: ada(ref), leaves: {} });
    assertEquals(view.present, before);
    view.receive("presence_state", {});
    assertEquals(view.present, new Map([["ada", [{ phx_ref: ref }]]]));
  }
});

Deno.test("What a test holds on to does not change, and other events are nothing", () => {
  const view = new PresenceView();
  view.receive("presence_state", { ada: { metas: [{ phx_ref: "a", name: "Ada" }] } });
  const before = view.present;
  view.receive("said", { joins: {}, leaves: {} });
  view.receive("presence_diff", { joins: { ada: { metas: [{ phx_ref: "b" }] } }, leaves: {} });
  assertEquals(before, new Map([["ada", [{ phx_ref: "a", name: "Ada" }]]]));
  assertEquals(view.present.get("ada")?.map(({ phx_ref }) => phx_ref), ["a", "b"]);
  view.receive("presence_diff", {
    joins: {},
    leaves: Object.fromEntries(view.present.entries().map(([k, metas]) => [k, { metas }])),
  });
  assertEquals(view.present.size, 0);
});
