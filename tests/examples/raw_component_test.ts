// Runs examples/raw_component.ts.
import { assertEquals } from "@std/assert";
import app from "../../examples/raw_component.ts";

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return socket;
}

const next = (socket: WebSocket): Promise<unknown> =>
  new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));

const closed = (socket: WebSocket): Promise<unknown> => new Promise((resolve) => socket.onclose = resolve);

Deno.test("examples/raw_component.ts echoes, and publishes to the others", async () => {
  const server = app.listen({ port: 0, signals: false });
  const echo = await open(`ws://127.0.0.1:${server.port}/echo`);
  const back = next(echo);
  echo.send("hello");
  assertEquals(await back, "hello");
  const [ada, bob] = [
    await open(`ws://127.0.0.1:${server.port}/lobby/a`),
    await open(`ws://127.0.0.1:${server.port}/lobby/a`),
  ];
  const heard = next(bob);
  while (app.connections.size < 3) await new Promise((resolve) => setTimeout(resolve));
  ada.send("to the others");
  assertEquals(await heard, "to the others");
  const ended = [echo, ada, bob].map(closed);
  await server.close();
  await Promise.all(ended);
});
