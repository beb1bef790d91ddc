import { assertEquals } from "@std/assert";
import { ReadinessChecks } from "../../src/app/readiness.ts";
import { AppKit } from "../../src/testing/app_kit.ts";
import { App } from "../../mod.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { MemoryTransport } from "./memory_transport.ts";

Deno.test("Readiness: an app is ready unless something speaks against it, and all of that is named", () => {
  let [slow, full] = [false, false];
  const checks = new ReadinessChecks().unless("slow", () => slow).unless("full", () => full);
  assertEquals(checks.look(), { ready: true, reasons: [] });
  slow = true;
  assertEquals(checks.look(), { ready: false, reasons: ["slow"] });
  full = true;
  assertEquals(checks.look(), { ready: false, reasons: ["slow", "full"] });
});

Deno.test("Readiness: an app that can take no more connections is not ready, until one has gone", async () => {
  await using kit = new AppKit({ limits: { maxConnections: 1 } });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  assertEquals(kit.app.readiness.reasons, ["too_many_connections"]);
  client.close();
  await kit.settle();
  assertEquals(kit.app.ready, true);
});

Deno.test("Readiness: an app whose event loop is late is not ready, until it has caught up", async () => {
  let lateMs = 0;
  class LateClock extends VirtualClock {
    override elapsedMs(): number {
      return super.elapsedMs() + lateMs;
    }
  }
  const transport = new MemoryTransport();
  const app = new App({ transports: [transport], clock: new LateClock(), limits: { maxLagMs: 200 } });
  await app.fetch(new Request("http://host/socket/memory?vsn=2.0.0"));
  transport.open();
  assertEquals(app.ready, true);
  lateMs = 5_000;
  assertEquals(app.readiness, { ready: false, reasons: ["overloaded"] });
  lateMs = 0;
  assertEquals(app.ready, true);
  await app.close();
});
