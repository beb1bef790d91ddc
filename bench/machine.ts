/** What the figures were measured on, in one line. */
export function machine(): string {
  const cpu = /^model name\s*:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  const cores = navigator.hardwareConcurrency;
  const memoryGib = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  return `${cpu}, ${cores} cores, ${memoryGib} GiB, Linux ${Deno.osRelease()}, Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`;
}
