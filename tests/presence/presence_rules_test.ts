import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TroupeError } from "../../src/base/errors.ts";
import { presenceRules } from "../../src/presence/presence_rules.ts";

Deno.test("Presence has a default for everything", () => {
  assertEquals(presenceRules("room:{id}", {}, null), {
    mode: "exact",
    everyMs: 0,
    sampleSize: 10,
    pageSize: 100,
    maxKeys: 100_000,
    maxMetasPerKey: 100,
    maxKeysPerMember: 100,
    maxTabsPerMember: 32,
    maxKeyBytes: 256,
    maxMetaBytes: 4_096,
    schema: null,
    onFirstJoin: undefined,
    onLastLeave: undefined,
  });
  assertEquals(presenceRules("room:{id}", { mode: "counted" }, null).everyMs, 1_000);
});

Deno.test("Presence refuses options that make no sense, and says what is accepted", () => {
  const faults: [options: unknown, fault: string, accepted: string][] = [
    [null, "it is no object", "maxKeys"],
    [true, "it is no object", "maxKeys"],
    [{ maxKey: 1 }, '"maxKey" is not known', "maxKeys"],
    [{ mode: "all" }, 'no mode "all"', "exact, counted, paged"],
    [{ everyMs: -1 }, "everyMs is no time", "milliseconds"],
    [{ everyMs: Infinity }, "everyMs is no time", "milliseconds"],
    [{ maxKeys: 0 }, "maxKeys is 0", "from 1 on"],
    [{ pageSize: 1.5 }, "pageSize is 1.5", "from 1 on"],
    [{ maxMetaBytes: "many" }, "maxMetaBytes is many", "from 1 on"],
    [{ onLastLeave: true }, "onLastLeave is a boolean", "a function"],
  ];
  for (const [options, fault, accepted] of faults) {
    const error = assertThrows(() => presenceRules("room:{id}", options as object, null), TroupeError);
    assertEquals(error.code, "invalid_handlers");
    assertStringIncludes(error.message, fault);
    assertStringIncludes(error.message, accepted);
  }
});

Deno.test("Presence calls hooks as the methods that they are", () => {
  const options = {
    seen: [] as string[],
    onFirstJoin(this: { seen: string[] }, _topic: object, { key }: { key: string }): void {
      this.seen.push(key);
    },
  };
  const { seen, ...hooks } = options;
  const bound = presenceRules("room:{id}", Object.assign(Object.create({ seen }), hooks), null);
  bound.onFirstJoin!({ topic: "room:1" }, { key: "u1", metas: [] });
  assertEquals(seen, ["u1"]);
});
