import { Ref } from "../../src/actors/ref.ts";
import { assertEquals } from "@std/assert";
import { type Member, Members } from "../../src/sessions/members.ts";

const address = new Ref<unknown>({
  path: "",
  post: () => true,
  ask: () => Promise.reject(new Error("nobody is asked here")),
});
const member = (topic: string, connectionId: string): Member => ({
  topic,
  connectionId,
  owner: { user: { id: "" } },
  joinedAtMs: 0,
  address,
  push() {},
  request: () => Promise.reject(new Error("nobody is asked here")),
  requestEnd() {},
});

Deno.test("Members are found by topic, and a topic without any is forgotten", () => {
  const members = new Members();
  const [a, b, c] = [member("t:1", "a"), member("t:1", "b"), member("t:2", "a")];
  for (const each of [a, b, c]) members.add(each);
  assertEquals([...members.of("t:1")], [a, b]);
  assertEquals([...members.of("t:2")], [c]);
  assertEquals(members.topics, 2);
  for (const each of [a, b, c, c]) members.remove(each);
  assertEquals([...members.of("t:1")], []);
  assertEquals(members.topics, 0);
});
