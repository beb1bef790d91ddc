import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { type Claim, type Claimable, Claims } from "../../src/sessions/claims.ts";
import { seededRandom, VirtualClock } from "../../src/testing/mod.ts";

/** A session that remembers what happens to it. */
class Waiting implements Claimable {
  readonly user: { readonly id: string };
  readonly log: string[] = [];
  /** Its later deadlines. */
  next: number[] = [];
  claim!: Claim<Waiting>;

  constructor(readonly claims: Claims<Waiting>, user: string) {
    this.user = { id: user };
    this.claim = claims.open(this);
  }

  deadlineMet(nowMs: number): number | null {
    this.log.push(`met ${nowMs}`);
    const next = this.next.shift();
    if (next === undefined) this.claims.close(this.claim);
    return next ?? null;
  }

  expire(): void {
    this.log.push("expired");
    this.claims.close(this.claim);
  }
}

function setUp(maxSuspendedSessions = 3, maxSuspendedSessionsPerUser = 2) {
  const clock = new VirtualClock();
  const counters = new Counters();
  const claims = new Claims<Waiting>({ clock, random: seededRandom(1), counters, drain() {} }, {
    maxSuspendedSessions,
    maxSuspendedSessionsPerUser,
  });
  return { clock, counters, claims, open: (user = "ada") => new Waiting(claims, user) };
}

Deno.test("Claims finds a session by its secret, for its own user alone, and counts what it does not find", () => {
  const { claims, counters, open } = setUp();
  const [ada, bob] = [open("ada"), open("bob")];
  assertNotEquals(ada.claim.secret, bob.claim.secret);
  assertEquals(claims.find(ada.claim.secret, "ada"), ada.claim);
  assertEquals(claims.find(ada.claim.secret, "bob"), null);
  assertEquals(claims.find("made up", "bob"), null);
  assertEquals(claims.find(undefined, "bob"), null);
  assertEquals(counters.get("sessions.claim_refused"), 3);
});

Deno.test("Claims makes the secret new at each claim; the one before is good once more, until the client is answered", () => {
  const { claims, open } = setUp();
  const { claim } = open();
  const found = (secret: string): boolean => claims.find(secret, "ada") === claim;
  const s1 = claim.secret;
  claims.taken(claim, s1);
  const s2 = claim.secret;
  assertEquals([found(s1), found(s2), claims.size], [true, true, 2]);
  claims.taken(claim, s1);
  const s3 = claim.secret;
  assertEquals([found(s1), found(s2), found(s3), claims.size], [false, false, true, 1]);
  assert(claim.isKnownBy(s1) && claim.isKnownBy(s3) && !claim.isKnownBy(s2));
  claims.taken(claim, s3);
  claims.answered(claim);
  claims.answered(claim);
  assertEquals([found(s3), found(claim.secret), claims.size], [false, true, 1]);
  claims.taken(claim, claim.secret);
  claims.close(claim);
  assertEquals(claims.size, 0);
});

Deno.test("Claims: the oldest of a user, then the oldest of all, gives way to one that is too many", () => {
  const { claims, counters, open } = setUp(3, 2);
  const [a1, a2, a3, b, c] = [open("ada"), open("ada"), open("ada"), open("bob"), open("eve")];
  for (const { claim } of [a1, a2, a3]) claims.suspend(claim, 1_000);
  assertEquals([a1.log, a2.log, claims.suspended], [["expired"], [], 2]);
  assertEquals(claims.waitingOf("ada"), [a2, a3]);
  for (const { claim } of [b, c]) claims.suspend(claim, 1_000);
  assertEquals([a2.log, claims.waiting()], [["expired"], [a3, b, c]]);
  assertEquals(counters.get("sessions.crowded_out"), 2);
  assertEquals(counters.get("sessions.suspended"), 5);
  claims.taken(a3.claim, a3.claim.secret);
  assertEquals([claims.waiting(), claims.waitingOf("ada"), counters.get("sessions.resumed")], [
    [b, c],
    [],
    1,
  ]);
});

Deno.test("Claims wakes a session at its deadlines, with one timer for all, by elapsed time", () => {
  const { clock, claims, open } = setUp();
  const [a, b] = [open("ada"), open("bob")];
  a.next = [300];
  claims.suspend(a.claim, 100);
  claims.suspend(b.claim, 200);
  assertEquals(clock.pending, 1);
  while (clock.step(100));
  assertEquals([a.log, b.log], [["met 100"], []]);
  while (clock.step(300));
  assertEquals([a.log, b.log], [["met 100", "met 300"], ["met 200"]]);
  assertEquals([clock.pending, claims.suspended, claims.size], [0, 0, 0]);
});
