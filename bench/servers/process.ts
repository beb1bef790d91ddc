/** Tells whoever started this process where it listens. */
export function announce(port: number): void {
  console.log(port);
}

/** Collects garbage, so that what is left is what is used; only with `--v8-flags=--expose-gc`. */
export function collectGarbage(): Response {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  return new Response(gc === undefined ? "no" : "yes");
}
