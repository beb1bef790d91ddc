/** What the figures were measured on, in one line. */
export function machine(): string {
  const cpu = /^model name\s*:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  const cores = navigator.hardwareConcurrency;
  const memoryGib = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  return `${cpu}, ${cores} cores, ${memoryGib} GiB, Linux ${Deno.osRelease()}, Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`;
}

/** The versions of packages, as they are locked. */
export function locked(...names: string[]): string[] {
  const lock = JSON.parse(Deno.readTextFileSync(new URL("../deno.lock", import.meta.url)));
  const specifiers = Object.entries(lock.specifiers as Record<string, string>);
  return names.map((name) => {
    const version = specifiers.find(([specifier]) => specifier.startsWith(`npm:${name}@`))?.[1];
    return `${name} ${version ?? "of an unknown version"}`;
  });
}
