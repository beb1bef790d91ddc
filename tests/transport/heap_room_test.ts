import { assert, assertEquals } from "@std/assert";
import { keepHeapRoom } from "../../src/transport/heap_room.ts";

const BLOCK_PAGES = 2_048;

/** How many pages the second of two blocks costs of which the first was freed before. */
async function pagesOfTheSecond(isRoomKept: boolean): Promise<number> {
  const program = `
    import { keepHeapRoom } from ${JSON.stringify(import.meta.resolve("../../src/transport/heap_room.ts"))};
    const faults = () => Number(Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ")[7]);
    const useBlock = () => new Uint8Array(${BLOCK_PAGES * 4_096}).fill(1).buffer.transfer(0);
    if (${isRoomKept}) keepHeapRoom();
    useBlock();
    const before = faults();
    useBlock();
    console.log(faults() - before);`;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", program],
  }).output();
  assert(success);
  return Number(new TextDecoder().decode(stdout));
}

Deno.test({
  name:
    "keepHeapRoom() lets a process use again what it has freed: without it, the kernel is asked for each page anew",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const [kept, given] = await Promise.all([pagesOfTheSecond(true), pagesOfTheSecond(false)]);
    assert(given > BLOCK_PAGES / 2, `${given} pages`);
    assert(kept < BLOCK_PAGES / 4, `${kept} pages`);
  },
});

Deno.test("keepHeapRoom() takes no memory, however often it is called", () => {
  const before = Deno.memoryUsage().external;
  keepHeapRoom();
  keepHeapRoom();
  assertEquals(Deno.memoryUsage().external <= before, true);
});
