import { assertEquals } from "@std/assert";
import { Admitted } from "../../src/app/admitted.ts";
import type { Connection } from "../../src/sessions/connection.ts";

Deno.test("An admission expires with its grant, and, once it is a connection, with what a refresh has made of that", () => {
  const connection = {} as Connection;
  const grant = { user: { id: "ada" }, expiresAtMs: 1_000, tokenId: null };
  let held: typeof grant | null = null;
  const admitted = new Admitted(
    "phoenix",
    grant,
    { of: (of) => of === connection ? held : null },
    () => connection,
  );
  const { connect, protocol } = admitted; // a transport may take them out of it
  held = { ...grant, expiresAtMs: 5_000 };
  assertEquals([protocol, admitted.expiresAtMs], ["phoenix", 1_000]);
  assertEquals(connect(), connection);
  assertEquals(admitted.expiresAtMs, 5_000);
  held = null;
  assertEquals(admitted.expiresAtMs, 1_000);
});
