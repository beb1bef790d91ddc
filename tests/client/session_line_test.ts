import { assertEquals } from "@std/assert";
import { SessionLine } from "../../src/client/session_line.ts";

Deno.test("A session is the same through ever new secrets, as long as something of it is resumed", () => {
  const line = new SessionLine();
  line.greeted({ session: "a", resumed: false });
  const { era } = line;
  line.greeted({ session: "a", resumed: false }); // another topic
  line.greeted({ session: "b", resumed: true });
  line.greeted({ session: "c", resumed: true });
  assertEquals([line.secret, line.isSame(era)], ["c", true]);
  line.greeted({ session: "d", resumed: false });
  assertEquals([line.secret, line.isSame(era)], ["d", false]);
});

Deno.test("A topic that is new says nothing of the session: another one may be resumed behind it", () => {
  const line = new SessionLine();
  line.greeted({ session: "a", resumed: false });
  const first = line.era;
  line.greeted({ session: "b", resumed: false }); // a new topic of the session that was claimed, or a new session
  const second = line.era;
  assertEquals([line.isSame(first), line.isSame(second)], [false, true]);
  line.greeted({ session: "b", resumed: true }); // the former
  assertEquals([line.isSame(first), line.isSame(second)], [true, true]);
});

Deno.test("What is resumed in a later connection does not make an earlier session this one", () => {
  const line = new SessionLine();
  line.greeted({ session: "a", resumed: false });
  const first = line.era;
  line.greeted({ session: "b", resumed: false });
  line.greeted({ session: "c", resumed: true });
  line.greeted({ session: "c", resumed: true });
  assertEquals(line.isSame(first), false);
});

Deno.test("A server without sessions that wait says nothing of them", () => {
  const line = new SessionLine();
  line.greeted({ session: null, resumed: false });
  assertEquals(line.secret, null);
});
