import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { HELP, readCommand } from "../../src/asyncapi/command_line.ts";
import { TroupeError } from "../../src/base/errors.ts";

Deno.test("a module alone: it is called like its file", () => {
  assertEquals(readCommand(["src/chat.ts"]), {
    module: "src/chat.ts",
    title: "chat",
    version: "0.0.0",
    server: undefined,
    jsonSchema: undefined,
  });
});

Deno.test("all flags, in both forms", () => {
  const flags = ["--title=My chat", "--version", "2.0", "--server=wss://a/b", "--json-schema", "c.ts"];
  assertEquals(readCommand([...flags, "app.ts"]), {
    module: "app.ts",
    title: "My chat",
    version: "2.0",
    server: "wss://a/b",
    jsonSchema: "c.ts",
  });
});

Deno.test("--help is help, whatever else there is", () => {
  assertEquals([readCommand(["--help"]), readCommand(["a.ts", "--help"])], ["help", "help"]);
});

Deno.test("every flag is in the help", () => {
  for (const flag of ["--title", "--version", "--server", "--json-schema", "--help"]) {
    assertStringIncludes(HELP, `  ${flag} `);
  }
});

Deno.test("what is not understood is told, with what is accepted", () => {
  const faults: [string[], string][] = [
    [[], "There is no module"],
    [["a.ts", "b.ts"], 'There is a second module, "b.ts"'],
    [["a.ts", "--titel=x"], 'There is no flag "--titel"'],
    [["a.ts", "--title="], "--title has no value"],
    [["a.ts", "--title"], "--title has no value"],
  ];
  for (const [args, fault] of faults) {
    const { code, message } = assertThrows(() => readCommand(args), TroupeError);
    assertEquals(code, "bad_argument");
    assertEquals(
      message,
      `${fault}: accepted are one module, --title, --version, --server, --json-schema and --help`,
    );
  }
});
