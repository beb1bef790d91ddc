import { assertEquals, assertStringIncludes } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import type { LogFields } from "../../src/base/log.ts";
import { guardRejections } from "../../src/app/rejection_guard.ts";

const PROGRAM = (guard: boolean): string => `
  import { App } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
  const app = new App({ guardRejections: ${guard} }).topic("room:*", {
    on: {
      forget() {
        Promise.reject(new Error("nobody awaits this"));
        return "answered";
      },
    },
  });
  const server = app.listen({ port: 0, signals: false });
  const socket = new WebSocket("ws://127.0.0.1:" + server.port + "/socket/websocket?vsn=2.0.0");
  const say = (ref, event) => socket.send(JSON.stringify(["1", ref, "room:1", event, {}]));
  socket.onopen = () => { say("1", "phx_join"); say("2", "forget"); };
  let replies = 0;
  socket.onmessage = async () => {
    if (++replies < 2) return;
    if (replies === 2) return say("3", "forget");
    await new Promise((resolve) => setTimeout(resolve)); // the turn in which the rejection comes to light
    console.log("alive", app.system.counters.get("rejections.unhandled"));
    socket.close();
    await server.close();
  };
`;

async function run(guard: boolean): Promise<{ code: number; stdout: string; stderr: string }> {
  const decoder = new TextDecoder();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", PROGRAM(guard)],
    env: { NO_COLOR: "1" },
    cwd: new URL("../..", import.meta.url),
  }).output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("With the guard, a rejection that nobody awaits is counted, and the process serves on", async () => {
  const { code, stdout, stderr } = await run(true);
  assertEquals([code, stdout, stderr], [0, "alive 2\n", ""]);
});

Deno.test("Without the guard, the same rejection ends the process", async () => {
  const { code, stdout, stderr } = await run(false);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "nobody awaits this");
});

Deno.test("The guard logs what was rejected and where; taken away, it guards no more", async () => {
  const counters = new Counters();
  const lines: LogFields[] = [];
  const remove = guardRejections(counters, {
    log: (_level, _message, fields) => void lines.push(fields ?? {}),
  });
  Promise.reject(new Error("lost"));
  await new Promise((resolve) => setTimeout(resolve));
  Promise.reject("no error");
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(counters.get("rejections.unhandled"), 2);
  assertEquals(lines.map(({ error }) => error), ["lost", "no error"]);
  assertStringIncludes(String(lines[0].stack), "rejection_guard_test.ts");
  remove();
  const event = new PromiseRejectionEvent("unhandledrejection", {
    promise: Promise.resolve(),
    reason: 0,
    cancelable: true,
  });
  globalThis.dispatchEvent(event);
  assertEquals([event.defaultPrevented, counters.get("rejections.unhandled")], [false, 2]);
});
