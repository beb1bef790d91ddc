// Tests the room of room.ts as its clients see it, without a port. Run it: deno test examples/room_test.ts
// #region test
import { testKit } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";
import app, { Room } from "./room.ts";

Deno.test("whoever was away for an hour is in the room again", async () => {
  await using kit = testKit(app, { seed: 7 });
  const ada = await kit.connect();
  const room = await ada.join(Room, { id: "7" }, { nickname: "Ada" });
  const other = await (await kit.connect()).join(Room, { id: "7" }, { nickname: "Bob" });

  const { id } = await room.send("say", { text: "hello" });
  assertEquals(await other.next("said"), { id, by: "Ada", text: "hello" });

  await ada.drop();
  await kit.advance(3_600_000);
  await ada.reconnect();
  await other.send("say", { text: "there you are" });
  assertEquals(room.take("said").map(({ payload }) => payload.text), ["hello", "there you are"]);
});
// #endregion
