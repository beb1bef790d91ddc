import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { TroupeError } from "../../src/base/errors.ts";
import { addressKey, AddressSet, normalAddress } from "../../src/http/addresses.ts";

Deno.test("AddressSet holds networks and single addresses of both kinds", () => {
  const set = new AddressSet(["192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "::1"]);
  const inside = ["192.0.2.0", "192.0.2.255", "198.51.100.7", "2001:db8:ffff::1", "::1", "0:0::1"];
  const outside = ["192.0.3.0", "198.51.100.8", "2001:db9::1", "::2", "", "localhost", "192.0.2", "0x7f.1"];
  assertEquals(inside.map((address) => set.has(address)), inside.map(() => true));
  assertEquals(outside.map((address) => set.has(address)), outside.map(() => false));
});

Deno.test("AddressSet: an IPv4 address that is mapped into IPv6 is that IPv4 address, in rules as well", () => {
  const set = new AddressSet(["10.0.0.0/8", "::ffff:203.0.113.0/120", "::ffff:198.51.100.7"]);
  for (const address of ["::ffff:10.1.2.3", "::FFFF:a01:203", "203.0.113.9", "198.51.100.7"]) {
    assertEquals(set.has(address), true, address);
  }
  assertEquals(set.has("::ffff:203.0.114.1"), false);
});

Deno.test("AddressSet forgets exactly what it is told to, however that is spelt", () => {
  const set = new AddressSet(["192.0.2.0/24", "192.0.2.7"]);
  assertEquals(set.add("192.0.2.99/24"), false, "it is the same network");
  assertEquals(set.delete("192.0.2.0/25"), false);
  assertEquals(set.delete("192.0.2.1/24"), true);
  assertEquals([set.has("192.0.2.7"), set.has("192.0.2.8"), set.size], [true, false, 1]);
  assertEquals([...set], ["192.0.2.7"]);
  assertEquals(new AddressSet(["0.0.0.0/0"]).has("8.8.8.8"), true);
  assertEquals(new AddressSet(["0.0.0.0/0"]).has("::1"), false);
});

Deno.test("AddressSet refuses what is no network, and says what is", () => {
  for (
    const bad of [
      "",
      "localhost",
      "192.0.2.0/33",
      "192.0.2.0/-1",
      "192.0.2.0/ 8",
      "10/8",
      "::ffff:1.2.3.4/64",
      "fe80::1%eth0",
    ]
  ) {
    const error = assertThrows(() => new AddressSet([bad]), TroupeError, "accepted are");
    assertEquals([error.code, error.details.cidr], ["bad_network", bad]);
  }
});

Deno.test("AddressSet agrees with ipaddr.js on every network", () => {
  const v4 = fc.ipV4();
  fc.assert(fc.property(v4, v4, fc.integer({ min: 0, max: 32 }), (network, address, bits) => {
    const expected = ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parse(network), bits);
    assertEquals(new AddressSet([`${network}/${bits}`]).has(address), expected);
  }));
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(fc.property(bytes, bytes, fc.integer({ min: 0, max: 128 }), (network, address, bits) => {
    const [a, b] = [network, address].map((each) =>
      ipaddr.fromByteArray([0x20, ...each.slice(1)]) as ipaddr.IPv6
    );
    assertEquals(new AddressSet([`${a}/${bits}`]).has(b.toString()), b.match(a, bits));
  }));
});

Deno.test("addressKey counts a whole /64 of IPv6 as one address, and IPv4 addresses one by one", () => {
  assertEquals(addressKey("2001:db8:1:2::1"), addressKey("2001:db8:1:2:ffff::9"));
  assertEquals(addressKey("2001:db8:1:2::1") === addressKey("2001:db8:1:3::1"), false);
  assertEquals(addressKey("::ffff:192.0.2.1"), "192.0.2.1");
  assertEquals([addressKey("192.0.2.1"), addressKey(""), addressKey("un:known")], [
    "192.0.2.1",
    "",
    "un:known",
  ]);
});

Deno.test("normalAddress spells an address in one way", () => {
  assertEquals(normalAddress("::FFFF:192.0.2.1"), "192.0.2.1");
  assertEquals(normalAddress("2001:DB8:0::1"), "2001:db8::1");
  assertEquals(normalAddress("fe80::1%eth0"), "fe80::1");
  assertEquals([normalAddress(""), normalAddress("192.0.2.1")], ["", "192.0.2.1"]);
});
