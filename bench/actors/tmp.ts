const [system, which, amount] = Deno.args;
const { programs } = await import(`./${system}.ts`);
const n = Number(amount);
for (let i = 0; i < 3; i++) { for (const p of ["pingPong","fanIn","crowd"]) { const x = programs[p](); await x.run(n / 100); await x.end(); } programs.spawn(n / 1000); }
const out = [];
const x = programs[which]();
for (let i = 0; i < 6; i++) { const t = performance.now(); await x.run(n); out.push((n / (performance.now() - t) / 1000).toFixed(1)); }
console.log(system, which, out.join(" "));
Deno.exit(0);
