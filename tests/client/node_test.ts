import { assertEquals } from "@std/assert";
import { testWith } from "../optional.ts";
import { bundle, withFolder } from "./bundle.ts";
import { roomApp } from "./room.ts";
import { ClientStage, soon } from "./stage.ts";

/** What `programs/node.ts` says of itself. */
interface Facts {
  readonly motd: string;
  readonly heard: readonly string[];
  readonly hasWebSocket: boolean;
  readonly isPolling: boolean;
  readonly drops: number;
}

/** Runs the program against a server that cuts its connection once; gives what it says, and how it was connected. */
async function run(command: string, ...args: string[]): Promise<{ facts: Facts; paths: string[] }> {
  const paths: string[] = [];
  const app = roomApp().use({
    name: "cut",
    open: ({ info }) => void paths.push(info.url.pathname),
    message: (_, { event }) => event === "typing" ? { action: "close", code: 1012, reason: "cut" } : null,
  });
  await using stage = new ClientStage(app);
  const { code, stdout, stderr } = await soon(
    new Deno.Command(command, { args: [...args, stage.url], stdin: "null" }).output(),
  );
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return { facts: JSON.parse(new TextDecoder().decode(stdout)), paths };
}

const EXPECTED = { motd: "hello Ada", heard: ["one", "two"], isPolling: false, drops: 1 };
const WEBSOCKETS = ["/socket/websocket", "/socket/websocket"];

testWith(
  "node",
  "our client in Node has a real WebSocket, not long-poll, and comes back by itself",
  async (node) => {
    await withFolder(async (folder) => {
      const program = await bundle("tests/client/programs/node.ts", folder, { platform: "deno" });
      const { facts, paths } = await run(node, program);
      const { stdout } = await new Deno.Command(node, { args: ["-p", "'WebSocket' in globalThis"] }).output();
      const hasWebSocket = new TextDecoder().decode(stdout).trim() === "true";
      assertEquals([facts, paths], [{ ...EXPECTED, hasWebSocket }, WEBSOCKETS]);
      await Deno.stdout.write(
        new TextEncoder().encode(`${hasWebSocket ? "its own" : "that of the package ws"}, by ${paths[0]}\n`),
      );
    });
  },
);

Deno.test("our client in Deno, as a program of its own, by the same entry", async () => {
  const { facts, paths } = await run(Deno.execPath(), "run", "-A", "tests/client/programs/node.ts");
  assertEquals([facts, paths], [{ ...EXPECTED, hasWebSocket: true }, WEBSOCKETS]);
});
