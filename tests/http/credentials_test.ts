import { assertEquals } from "@std/assert";
import { type Credentials, readCredentials } from "../../src/http/credentials.ts";

function read(headers: HeadersInit, query = "", token: string | null = null): Credentials {
  const url = new URL(`http://host/socket${query}`);
  return readCredentials(new Request(url, { headers }), url, token);
}

Deno.test("The token comes from the sub-protocol, else from the Authorization header", () => {
  assertEquals(read({}).token, null);
  assertEquals(read({ authorization: "Bearer abc.def" }).token, "abc.def");
  assertEquals(read({ authorization: "bearer   abc " }).token, "abc");
  assertEquals(read({ authorization: "Bearer abc" }, "", "first").token, "first");
});

Deno.test("Other Authorization schemes are no token", () => {
  for (const authorization of ["Basic YTpi", "Bearer", "Bearer a b", "xBearer a"]) {
    assertEquals(read({ authorization }).token, null);
  }
});

Deno.test("Cookies are read by name, the first of each", () => {
  assertEquals({ ...read({ cookie: "a=1; session=x=y;a=2; empty=" }).cookies }, {
    a: "1",
    session: "x=y",
    empty: "",
  });
  assertEquals({ ...read({}).cookies }, {});
});

Deno.test("What is no cookie is skipped, and hides no other", () => {
  for (const cookie of ["", " ", "=", "=x", ";;", "novalue"]) {
    assertEquals({ ...read({ cookie }).cookies }, {});
  }
  assertEquals({ ...read({ cookie: "=; junk; session=s; ;" }).cookies }, { session: "s" });
  assertEquals(read({ cookie: "__proto__=x" }).cookies.__proto__, "x");
});

Deno.test("Query parameters are read by name, the first of each", () => {
  assertEquals({ ...read({}, "?a=1&a=2&b=%20&c").params }, { a: "1", b: " ", c: "" });
});

Deno.test("Query parameters hide nothing of a prototype, and reach none", () => {
  const { params } = read({}, "?__proto__=x");
  assertEquals(params.__proto__, "x");
  assertEquals(params.constructor, undefined);
});

Deno.test("readCredentials takes phoenix's authToken from long-poll's header, before the bearer's", () => {
  const url = new URL("http://host/socket/longpoll");
  const tokenOf = (headers: HeadersInit, subProtocolToken: string | null = null): string | null =>
    readCredentials(new Request(url, { headers }), url, subProtocolToken).token;
  const both = { "x-phoenix-authtoken": "phoenix", authorization: "Bearer bearer" };
  assertEquals(tokenOf(both), "phoenix");
  assertEquals(tokenOf(both, "sub-protocol"), "sub-protocol");
  const utf8 = String.fromCharCode(...new TextEncoder().encode("ÿ€"));
  assertEquals(tokenOf({ "x-phoenix-authtoken": utf8 }), "ÿ€", "as it is given to btoa");
  assertEquals(tokenOf({ "x-phoenix-authtoken": "\xff" }), "\xff", "what is no UTF-8 stays");
});
