import { assertEquals } from "@std/assert";
import { Listeners } from "../../src/client/listeners.ts";

interface Events {
  readonly said: string;
}

function stage(): { listeners: Listeners<Events>; faults: unknown[]; heard: string[] } {
  const faults: unknown[] = [];
  return {
    listeners: new Listeners<Events>((error, event) => faults.push([error, event])),
    faults,
    heard: [],
  };
}

Deno.test("listeners are called in the order in which they came, until they are taken away", () => {
  const { listeners, heard } = stage();
  const offA = listeners.on("said", (text) => heard.push(`a ${text}`));
  listeners.on("said", (text) => heard.push(`b ${text}`));
  listeners.emit("said", "1");
  offA();
  offA();
  listeners.emit("said", "2");
  assertEquals(heard, ["a 1", "b 1", "b 2"]);
});

Deno.test("one function may listen twice, and is taken away once", () => {
  const { listeners, heard } = stage();
  const listener = (text: string) => heard.push(text);
  const off = listeners.on("said", listener);
  listeners.on("said", listener);
  off();
  listeners.emit("said", "1");
  assertEquals(heard, ["1"]);
});

Deno.test("listeners that come and go while an event is told: the gone are not called, the new ones not yet", () => {
  const { listeners, heard } = stage();
  listeners.on("said", () => {
    off();
    listeners.on("said", () => heard.push("new"));
  });
  const off = listeners.on("said", () => heard.push("gone"));
  listeners.emit("said", "1");
  assertEquals(heard, []);
});

Deno.test("a listener that throws is told about, and the others are called", () => {
  const { listeners, heard, faults } = stage();
  listeners.on("said", () => {
    throw "on purpose";
  });
  listeners.on("said", (text) => heard.push(text));
  listeners.emit("said", "1");
  assertEquals([heard, faults], [["1"], [["on purpose", "said"]]]);
});

Deno.test("an aborted signal takes a listener away, or does not let it in", () => {
  const { listeners, heard } = stage();
  const aborter = new AbortController();
  listeners.on("said", (text) => heard.push(text), aborter);
  listeners.emit("said", "1");
  aborter.abort();
  listeners.on("said", (text) => heard.push(text), aborter);
  listeners.emit("said", "2");
  assertEquals(heard, ["1"]);
});
