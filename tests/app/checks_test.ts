import { assertEquals, assertThrows } from "@std/assert";
import { checkCloseCode, checkComponent, checkTopic } from "../../src/app/checks.ts";
import { defineTopic } from "../../src/contract/define_topic.ts";
import { TroupeError } from "../../src/base/errors.ts";

Deno.test("A component may be an object, or an instance of a class with its handlers in the prototype", () => {
  class Chat {
    sent = 0;
    open(): void {}
  }
  checkComponent("/x", { message() {}, notes: "of its own" });
  checkComponent("/x", new Chat());
  checkComponent("/x", {}); // it only listens
});

Deno.test("What is no component is refused at the start, with what is accepted", () => {
  const cases: [unknown, string][] = [
    [undefined, "it is no object"],
    [null, "it is no object"],
    [() => {}, "it is no object"],
    [{ onMessage() {} }, "it has none of them, but onMessage"],
    [{ message: "text" }, "message is a string"],
  ];
  for (const [component, fault] of cases) {
    const error = assertThrows(() => checkComponent("/x", component), TroupeError, fault);
    assertEquals(error.code, "invalid_handlers");
    assertEquals(error.message.startsWith('Cannot use the component at "/x": '), true);
  }
});

Deno.test("What is no topic, or has no handlers at all, is refused at the start", () => {
  const Room = defineTopic("room:{id}", {});
  for (const contract of ["room:*", Room]) checkTopic(contract, {});
  for (const contract of [undefined, null, 7, {}, { pattern: "room:*" }]) {
    assertEquals(assertThrows(() => checkTopic(contract, {}), TroupeError).code, "invalid_contract");
  }
  for (const handlers of [undefined, null, () => {}]) {
    const error = assertThrows(() => checkTopic(Room, handlers), TroupeError, '"room:{id}"');
    assertEquals(error.code, "invalid_handlers");
  }
});

Deno.test("A close code that must not be sent is refused", () => {
  for (const code of [1000, 1001, 1012, 3000, 4999]) checkCloseCode(code);
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, NaN]) {
    assertEquals(
      assertThrows(() => checkCloseCode(code), TroupeError, "accepted are").code,
      "bad_close_code",
    );
  }
});
