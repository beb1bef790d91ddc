/**
 * AsyncAPI 3.0 for contracts: {@link asyncapi} in a program, or as a command, which prints it for the contracts that a
 * module exports, and those of the apps that it exports:
 *
 *     deno run -A jsr:@troupe/core/asyncapi app.ts > asyncapi.json
 *
 * Importing this module prints nothing.
 *
 * @module
 */

import { messageOf, TroupeError } from "../base/errors.ts";
import { asyncapi } from "./asyncapi.ts";
import { collect } from "./collect.ts";
import { type Command, HELP, readCommand } from "./command_line.ts";
import type { JsonSchemaOf } from "./json_schema.ts";

export { asyncapi, type AsyncApiOptions } from "./asyncapi.ts";
export type {
  AsyncApiDocument,
  ChannelObject,
  ComponentsObject,
  JsonSchema,
  MessageObject,
  OperationObject,
  ParameterObject,
  Reference,
  ServerObject,
} from "./document.ts";
export type { JsonSchemaOf, SchemaPlace } from "./json_schema.ts";
export type {
  AnyContract,
  ExchangeDefinition,
  TopicContract,
  TopicDefinition,
} from "../contract/define_topic.ts";
export type { ParamNames, ParamsOf, Segment, TopicPattern } from "../contract/pattern.ts";
export type { Schema, SchemaIssue, SchemaProps, SchemaResult } from "../contract/schema.ts";

/**
 * The command. Prints the document on stdout, and what it leaves out on stderr. It runs the module that it is given:
 * what that does when it is imported is done.
 *
 * @param args What `--help` says.
 * @returns The exit code: 0; 1, and one line on stderr that says what is wrong, if there is no document.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const command = readCommand(args);
    if (command === "help") {
      print(Deno.stdout, HELP);
      return 0;
    }
    const document = await describe(command);
    print(Deno.stdout, `${JSON.stringify(document, null, 2)}\n`);
    return 0;
  } catch (error) {
    print(Deno.stderr, `${messageOf(error).replaceAll(/\s*\n\s*/g, " ")}\n`);
    return 1;
  }
}

async function describe({ module, title, version, server, jsonSchema }: Command): Promise<unknown> {
  const convert = jsonSchema === undefined ? undefined : await converter(jsonSchema);
  const { contracts, untyped } = collect(await load(module));
  if (contracts.length === 0) {
    const without = untyped.length === 0 ? "" : `, only topics without one (${untyped.join(", ")})`;
    throw new TroupeError(
      "no_contracts",
      `There is no contract in ${module}${without}: accepted is a module that exports an app, or what defineTopic() returns`,
      { details: { module, untyped } },
    );
  }
  const document = asyncapi(contracts, { title, version, server, jsonSchema: convert });
  for (const pattern of untyped) print(Deno.stderr, `left out: ${pattern} has no contract\n`);
  return document;
}

async function converter(file: string): Promise<JsonSchemaOf> {
  const { default: convert } = await load(file);
  if (typeof convert === "function") return convert as JsonSchemaOf;
  throw new TroupeError(
    "bad_argument",
    `--json-schema ${file} has no function as its default export: accepted is (schema, place) => a JSON Schema`,
  );
}

async function load(module: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(urlOf(module));
  } catch (error) {
    throw new TroupeError("module_failed", `Cannot import ${module}: ${messageOf(error)}`, { cause: error });
  }
}

/** Paths are from the working directory, as everywhere on the command line. */
function urlOf(module: string): string {
  if (/^(?:file|https?|jsr|npm|data):/.test(module)) return module;
  const isAbsolute = /^(?:\/|[A-Za-z]:[\\/])/.test(module);
  const url = new URL("file:///");
  url.pathname = (isAbsolute ? module : `${Deno.cwd()}/${module}`).replaceAll("%", "%25");
  return url.href;
}

function print(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

// Not left to end by itself: the module may have begun to listen.
if (import.meta.main) Deno.exit(await main(Deno.args));
