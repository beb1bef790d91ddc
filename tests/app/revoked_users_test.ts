import { assertEquals } from "@std/assert";
import { RevokedUsers } from "../../src/app/revoked_users.ts";

Deno.test("A revocation counts for answers that were pending, and not for those asked for after it", () => {
  const users = new RevokedUsers();
  const before = users.began();
  users.add("ada");
  const after = users.began();
  assertEquals([users.has("ada", before), users.has("eve", before), users.has("ada", after)], [
    true,
    false,
    false,
  ]);
  users.add("ada");
  assertEquals(users.has("ada", after), true);
});

Deno.test("A revocation is forgotten with the last answer that it could matter to", () => {
  const users = new RevokedUsers();
  users.add("nobody waits");
  assertEquals(users.size, 0);
  const [first, second] = [users.began(), users.began()];
  users.add("ada");
  const third = users.began();
  users.add("eve");
  users.ended(second);
  assertEquals(users.size, 2);
  users.ended(first);
  assertEquals([users.size, users.has("eve", third)], [1, true]);
  users.ended(third);
  assertEquals(users.size, 0);
});

Deno.test("What waits for pending answers stays small, however many users are revoked and answers asked for", () => {
  const users = new RevokedUsers();
  const slow = users.began();
  for (let i = 0; i < 1_000; i++) {
    users.ended(users.began());
    users.add("ada");
  }
  assertEquals([users.size, users.has("ada", slow), users.has("ada", users.began())], [1, true, false]);
  users.ended(slow);
});
