/**
 * Finds uses of time, randomness, scheduling and the console: in the syntax tree, with scopes, so that comments,
 * strings, properties and locals of the same name are no false alarm, and `globalThis.setTimeout`, `self.crypto` or
 * `const { now } = Date` no way around.
 *
 * The tree comes from the linter that is part of Deno (`Deno.lint.runPlugin`), which exists in `deno test` alone.
 *
 * @module
 */

import { BROWSER_SAFE } from "./layers.ts";

/** A banned thing, and where. */
export interface Ban {
  /** From 1. */
  readonly line: number;
  /** Its name, e.g. `Date.now`, `setTimeout`, `node:timers`. */
  readonly about: string;
  readonly message: string;
}

type Node = Deno.lint.Node;

const CLOCK = "take the time from a Clock (src/base/clock.ts)";
const RANDOM = "draw from a Random (src/base/random.ts)";
const SCHEDULER = "leave scheduling to src/actors/scheduler.ts";
const LOGGER = "write to a Logger (src/base/log.ts)";

/** Globals that may not be used at all. */
const GLOBALS: ReadonlyMap<string, string> = new Map([
  ["setTimeout", CLOCK],
  ["setInterval", CLOCK],
  ["performance", CLOCK],
  ["requestAnimationFrame", CLOCK],
  ["requestIdleCallback", CLOCK],
  ["setImmediate", SCHEDULER],
  ["queueMicrotask", SCHEDULER],
  ["process", SCHEDULER],
  ["crypto", `${RANDOM}; Web Crypto's promises settle in any order`],
  ["console", LOGGER],
]);

/** Globals of which some members may not be used. */
const MEMBERS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ["Date", new Map([["now", CLOCK]])],
  ["Temporal", new Map([["Now", CLOCK]])],
  ["Math", new Map([["random", RANDOM]])],
  ["AbortSignal", new Map([["timeout", CLOCK]])],
  ["Deno", new Map([["cron", CLOCK]])],
]);

/** Names of the global object. What may not be used bare may not be used through them either. */
const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(["globalThis", "self", "window", "global"]);

/** Modules that may not be imported; with a set of names, these may. */
const MODULES: ReadonlyMap<string, { readonly instead: string; readonly except?: ReadonlySet<string> }> =
  new Map([
    ["node:timers", { instead: SCHEDULER }],
    ["node:timers/promises", { instead: CLOCK }],
    ["node:perf_hooks", { instead: CLOCK }],
    ["node:process", { instead: SCHEDULER }],
    ["node:console", { instead: LOGGER }],
    ["node:crypto", {
      instead: `${RANDOM}; of node:crypto only createHash, createHmac and timingSafeEqual are accepted`,
      except: new Set(["createHash", "createHmac", "timingSafeEqual"]),
    }],
  ]);

/** Nodes that only wrap an expression: `(x as T)`, `x!`, `x?.y`. */
const WRAPPERS: ReadonlySet<string> = new Set([
  "TSAsExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
  "ChainExpression",
]);

/** Nodes of types that hold expressions. Below every other `TS…` node a name is a type's. */
const TS_VALUES: ReadonlySet<string> = new Set([
  ...WRAPPERS,
  "TSEnumMember",
  "TSParameterProperty",
  "TSExportAssignment",
  "TSInstantiationExpression",
]);

const SCOPES: ReadonlySet<string> = new Set([
  "Program",
  "BlockStatement",
  "StaticBlock",
  "TSModuleBlock",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "SwitchStatement",
  "CatchClause",
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
]);

/** Nodes between a declared name and its declaration. */
const PATTERNS: ReadonlySet<string> = new Set([
  "ObjectPattern",
  "ArrayPattern",
  "RestElement",
  "TSParameterProperty",
]);

const FUNCTIONS: ReadonlySet<string> = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
]);

// The tree is made lazily: the same node may come as different objects.
const same = (a: Node | null | undefined, b: Node): boolean =>
  a != null && a.type === b.type && a.range[0] === b.range[0] && a.range[1] === b.range[1];

const parentOf = (
  node: Node,
): Node | undefined => ("parent" in node ? node.parent as Node | undefined : undefined);

function scopeAround(node: Node): Deno.lint.Range {
  let scope = parentOf(node);
  while (scope !== undefined && !SCOPES.has(scope.type)) scope = parentOf(scope);
  return scope?.range ?? [0, Infinity];
}

/** Where the name that `id` declares is known; `null` if `id` declares nothing. */
function declaredIn(id: Node): Deno.lint.Range | null {
  let node = id;
  for (let parent = parentOf(node); parent !== undefined; node = parent, parent = parentOf(node)) {
    if (PATTERNS.has(parent.type)) continue;
    switch (parent.type) {
      case "Property":
        if (parentOf(parent)?.type !== "ObjectPattern") return null;
        if (!parent.shorthand && !same(parent.value as Node, node)) return null;
        continue;
      case "AssignmentPattern":
        if (!same(parent.left, node)) return null;
        continue;
      case "VariableDeclarator":
        return same(parent.id, node) ? scopeAround(parent) : null;
      case "ImportSpecifier":
      case "ImportDefaultSpecifier":
      case "ImportNamespaceSpecifier":
        return [0, Infinity];
      case "CatchClause":
        return same(parent.param, node) ? parent.range : null;
      case "ClassDeclaration":
      case "TSEnumDeclaration":
      case "TSModuleDeclaration":
        return same(parent.id as Node, node) ? scopeAround(parent) : null;
      case "ClassExpression":
        return same(parent.id, node) ? parent.range : null;
      default:
        if (!FUNCTIONS.has(parent.type) || !("params" in parent)) return null;
        if (parent.params.some((param) => same(param as Node, node))) return parent.range;
        if (!("id" in parent) || !same(parent.id as Node | null, node)) return null;
        return parent.type === "FunctionDeclaration" ? scopeAround(parent) : parent.range;
    }
  }
  return null;
}

/** Whether an identifier stands for the value of a variable, not for a property, a label, a type or a binding. */
function isReference(id: Node): boolean {
  const parent = parentOf(id);
  if (parent === undefined) return false;
  if (parent.type.startsWith("TS") && !TS_VALUES.has(parent.type)) return false;
  switch (parent.type) {
    case "MemberExpression":
      return parent.computed || same(parent.object, id);
    case "Property":
      return parent.shorthand || parent.computed || !same(parent.key as Node, id);
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.computed || !same(parent.key as Node, id);
    case "TSEnumMember":
      return !same(parent.id as Node, id);
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
    case "ImportAttribute":
    case "ExportAllDeclaration":
      return false;
    case "ExportSpecifier":
      // `export { x } from "./y.ts"` names y's x.
      return (parentOf(parent) as Deno.lint.ExportNamedDeclaration).source === null;
    default:
      return true;
  }
}

/** A property's name where the source fixes it: `.now`, `["now"]`; else `null`. */
function fixedName(key: Node, computed: boolean): string | null {
  if (key.type === "Identifier" && !computed) return key.name;
  if (key.type === "Literal" && typeof key.value === "string") return key.value;
  if (key.type === "TemplateLiteral" && key.expressions.length === 0) return key.quasis[0].cooked;
  return null;
}

interface Report {
  readonly node: Node;
  readonly about: string;
  readonly instead: string;
}

/** What is wrong with taking the member `name` (`null`: not known) of the global `object`. */
function judgeMember(object: string, name: string | null, node: Node): Report[] {
  const members = MEMBERS.get(object);
  if (name === null) {
    const instead = "name the member, so that it can be checked";
    return [{ node, about: `${object}[…]`, instead }];
  }
  const instead = members?.get(name);
  return instead === undefined ? [] : [{ node, about: `${object}.${name}`, instead }];
}

/** What is wrong with `node`, an expression that stands for the global `name`. */
function judge(name: string, node: Node, path: string): Report[] {
  let parent = parentOf(node);
  while (parent !== undefined && WRAPPERS.has(parent.type)) {
    node = parent;
    parent = parentOf(node);
  }
  const member = parent?.type === "MemberExpression" && same(parent.object, node) ? parent : null;
  const memberName = member === null ? null : fixedName(member.property as Node, member.computed);

  const banned = GLOBALS.get(name);
  if (banned !== undefined) {
    return [{ node, about: memberName === null ? name : `${name}.${memberName}`, instead: banned }];
  }
  if (name === "Deno" && BROWSER_SAFE.some((folder) => path.startsWith(`${folder}/`))) {
    return [{ node, about: "Deno", instead: "this folder runs in browsers too: take it as an argument" }];
  }

  const isGlobalObject = GLOBAL_OBJECTS.has(name);
  if (!isGlobalObject && !MEMBERS.has(name)) return [];
  if (member !== null) {
    if (isGlobalObject && memberName !== null) return judge(memberName, member, path);
    return judgeMember(name, memberName, member);
  }
  if (parent === undefined) return [];
  if (parent.type === "UnaryExpression" && parent.operator === "typeof") return [];
  if (parent.type === "BinaryExpression" && (parent.operator === "instanceof" || parent.operator === "in")) {
    return [];
  }
  if (name === "Date" && parent.type === "NewExpression" && same(parent.callee, node)) {
    const first = parent.arguments[0] as Node | undefined;
    if (first !== undefined && first.type !== "SpreadElement") return [];
    return [{ node: parent, about: "new Date()", instead: `${CLOCK}; new Date(timestamp) is accepted` }];
  }

  const pattern = parent.type === "VariableDeclarator"
    ? parent.id as Node
    : parent.type === "AssignmentExpression" && same(parent.right, node)
    ? parent.left as Node
    : null;
  if (pattern?.type === "ObjectPattern") {
    return pattern.properties.flatMap((property): Report[] => {
      if (property.type !== "Property") return judgeMember(name, null, property);
      const key = fixedName(property.key as Node, property.computed);
      if (!isGlobalObject || key === null) return judgeMember(name, key, property);
      const instead = GLOBALS.get(key) ?? (MEMBERS.has(key) ? "use it under its own name" : undefined);
      return instead === undefined ? [] : [{ node: property, about: key, instead }];
    });
  }
  return [{
    node,
    about: name,
    instead: `use ${name} only as ${name}.member, so that the member can be checked`,
  }];
}

/** What is wrong with an import or re-export of `source`, of which `names` are taken (`null`: all of it). */
function judgeImport(node: Node, source: string, names: readonly string[] | null): Report[] {
  const rule = MODULES.get(source);
  if (rule === undefined) return [];
  if (rule.except !== undefined && names?.every((name) => rule.except?.has(name))) return [];
  return [{ node, about: source, instead: rule.instead }];
}

const nameOf = (node: Deno.lint.Identifier | Deno.lint.StringLiteral): string =>
  node.type === "Identifier" ? node.name : node.value;

/** Every use of a banned thing in the module `text`, by position. `path` says which folder's rules apply. */
export function findBans(path: string, text: string): Ban[] {
  const reports = new Map<string, Report>();
  const add = (found: readonly Report[]): void => {
    for (const report of found) reports.set(`${report.node.range[0]} ${report.about}`, report);
  };
  const bindings: { name: string; scope: Deno.lint.Range }[] = [];
  const references: Deno.lint.Identifier[] = [];

  const create = (): Deno.lint.LintVisitor => ({
    Identifier(node) {
      const scope = declaredIn(node);
      if (scope !== null) bindings.push({ name: node.name, scope });
      else if (isReference(node)) references.push(node);
    },
    ImportDeclaration(node) {
      if (node.importKind === "type") return;
      const names = node.specifiers.map((entry) =>
        entry.type === "ImportSpecifier" ? nameOf(entry.imported) : "*"
      );
      add(judgeImport(node, node.source.value, names.length === 0 ? null : names));
    },
    ExportNamedDeclaration(node) {
      if (node.source === null || node.exportKind === "type") return;
      add(judgeImport(node, node.source.value, node.specifiers.map(({ local }) => nameOf(local))));
    },
    ExportAllDeclaration(node) {
      add(judgeImport(node, node.source.value, null));
    },
    ImportExpression(node) {
      const source = fixedName(node.source as Node, true);
      if (source !== null) return add(judgeImport(node, source, null));
      add([{ node, about: "import(…)", instead: "import a fixed text, so that the module graph shows it" }]);
    },
    "Program:exit"() {
      for (const reference of references) {
        const [start] = reference.range;
        const own = bindings.some(({ name, scope }) =>
          name === reference.name && scope[0] <= start && start < scope[1]
        );
        if (!own) add(judge(reference.name, reference, path));
      }
    },
  });
  Deno.lint.runPlugin({ name: "architecture", rules: { bans: { create } } }, path, text);

  return [...reports.values()]
    .sort((a, b) => a.node.range[0] - b.node.range[0])
    .map(({ node, about, instead }) => ({
      line: text.slice(0, node.range[0]).split("\n").length,
      about,
      message: `uses ${about}: ${instead}`,
    }));
}
