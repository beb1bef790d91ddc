import { assert } from "@std/assert";

const RECIPE = /```nginx\n([\s\S]*?)```/;

/** The recipe of `docs/deploy.md`, for other ports. */
export function recipe(port: number, upstreamPort: number): string {
  const text = Deno.readTextFileSync(new URL("../../docs/deploy.md", import.meta.url));
  const config = RECIPE.exec(text)?.[1];
  assert(config !== undefined, "docs/deploy.md has no nginx recipe");
  const replaced = config
    .replace("listen 80;", `listen 127.0.0.1:${port};`)
    .replace("server 127.0.0.1:8000;", `server 127.0.0.1:${upstreamPort};`);
  assert(replaced !== config, "the recipe's ports are not where the test looks for them");
  return replaced;
}

/** An nginx in front of a server on this machine. */
export interface Nginx extends AsyncDisposable {
  readonly port: number;
}

/** Starts nginx with the recipe, as whoever runs the test. */
export async function startNginx(executable: string, upstreamPort: number): Promise<Nginx> {
  for (let tries = 1;; tries++) {
    const folder = await Deno.makeTempDir({ prefix: "nginx-" });
    const port = freePort(); // nginx cannot pick one itself
    const file = `${folder}/nginx.conf`;
    await Deno.writeTextFile(
      file,
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
access_log off;
${
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((n) => `${n}_temp_path ${folder}/${n};`)
          .join("\n")
      }
${recipe(port, upstreamPort)}
}`,
    );
    const child = new Deno.Command(executable, {
      args: ["-p", folder, "-c", file],
      stdout: "null",
      stderr: "null",
    }).spawn();
    if (await listens(port, child)) {
      return {
        port,
        async [Symbol.asyncDispose]() {
          child.kill("SIGTERM");
          await child.status;
          await Deno.remove(folder, { recursive: true });
        },
      };
    }
    const log = await Deno.readTextFile(`${folder}/error.log`).catch(() => "no log");
    await Deno.remove(folder, { recursive: true });
    if (tries === 3) throw new Error(`nginx did not start: ${log}`);
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function listens(port: number, child: Deno.ChildProcess): Promise<boolean> {
  let ended = false;
  void child.status.then(() => ended = true);
  while (!ended) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  return false;
}
