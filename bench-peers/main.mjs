// `make bench-peers`: Stepwell, Restate and DBOS take turns with the same saga, target and load. scripts/bench-peers.sh starts this.
// Each turn starts its system from nothing, warms it up, measures it and stops it, so that only one system runs at a time.
import { cpus, loadavg, release, totalmem } from 'node:os';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, measure, startTarget } from './measure.mjs';
import { connectPostgres } from './postgres.mjs';
import { freePorts, stopAll } from './process.mjs';
import { report } from './report.mjs';
import { systems } from './systems.mjs';

/** Sagas under way at most while webhooks arrive, connections that send, and connections that wait. */
const IN_FLIGHT = 512;
const CONNECTIONS = 64;
/** Webhooks that are prepared for the warm-up. Each has an id of its own; if they were used again, sagas would be missing, which fails. */
const WEBHOOKS_PER_SECOND = 12_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    systems: { type: 'string', default: 'stepwell,restate,dbos' },
    stepwell: { type: 'string' },
    wrk: { type: 'string' },
    nginx: { type: 'string' },
    output: { type: 'string' },
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
process.on('exit', stopAll);

const names = options.systems.split(',');
const seconds = Number(options.seconds);
const file = (name) => new URL(name, import.meta.url).pathname;
const postgres = await connectPostgres(process.env.DATABASE_URL);
const folder = join(postgres.home, 'bench');
mkdirSync(folder);
// For sockets and other temporary files of the systems.
process.env.TMPDIR = folder;
const [port] = await freePorts(1);
const target = await startTarget({ nginx: options.nginx, template: readFileSync(file('target.conf'), 'utf8'), folder, port });
const bench = { target, postgres, wrk: options.wrk, script: file('load.lua'), folder };

const machine = await describeMachine();
const rounds = [];
for (let round = 1; round <= Number(options.rounds); round++) {
  const turns = {};
  for (const name of names) {
    turns[name] = await turn(name);
    const { webhooks, waited, alone, noops } = turns[name];
    console.error(
      `round ${round}, ${systems[name].title}: ${webhooks.perSecond.toFixed(0)} webhook sagas/s, ${waited.perSecond.toFixed(0)} waited sagas/s, ` +
        `${alone.p50.toFixed(1)} ms alone, ${noops.perSecond.toFixed(0)} no-ops/s, ${webhooks.cpuMs.total.toFixed(2)} ms of processor time per webhook saga`,
    );
  }
  rounds.push(turns);
}
const titles = Object.fromEntries(names.map((name) => [name, systems[name].title]));
const text = report({ ...machine, rounds, titles });
writeFileSync(join(options.output, 'results.json'), JSON.stringify({ ...machine, rounds }, null, 1));
writeFileSync(join(options.output, 'report.md'), `${text}\n`);
console.log(text);
await target.stop();
await postgres.close();

/** One system from its start to its stop. */
async function turn(name) {
  const own = join(folder, name);
  mkdirSync(own);
  const system = await systems[name].start({ folder: own, target: target.url, stepwell: options.stepwell, postgres });
  for (const bare of ['calls', 'noop']) {
    const [request] = system.run(bare);
    const answer = await ask(system.port, request);
    if (!system.ended(answer)) throw new Error(`${name} answered ${JSON.stringify(answer)} before its run had ended`);
  }
  const webhooks = (time, perSecond) => measure({
    system, bench, requests: system.send(Math.ceil(perSecond * time)), connections: CONNECTIONS, seconds: time, inFlight: IN_FLIGHT, counts: 'sagas',
  });
  const waited = (connections, time) => measure({ system, bench, requests: system.run('calls'), connections, seconds: time, counts: 'sagas' });
  const noops = (time) => measure({ system, bench, requests: system.run('noop'), connections: CONNECTIONS, seconds: time, counts: 'answers' });
  // Compilers that work at run time, pools and caches need some seconds; what they do then is not measured.
  const short = Math.max(1, Math.round(seconds / 2));
  const { perSecond } = await webhooks(short, WEBHOOKS_PER_SECOND);
  await noops(1);
  // Waited sagas last: some are under way when their load ends, and would be part of what comes next.
  const turns = { webhooks: await webhooks(seconds, Math.max(5_000, 3 * perSecond)), alone: await waited(1, short), noops: await noops(short), waited: await waited(CONNECTIONS, seconds) };
  await system.stop();
  await postgres.dropDatabase(name);
  rmSync(own, { recursive: true });
  return turns;
}

async function describeMachine() {
  const gib = Math.round(totalmem() / 2 ** 30);
  const settings = [];
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) settings.push(`${name} ${await postgres.setting(name)}`);
  const packages = JSON.parse(readFileSync(file('package.json'), 'utf8')).dependencies;
  return {
    machine: `${cpus().length} cores, ${cpus()[0].model}, ${gib} GiB, Linux ${release()}; load average at the start: ${loadavg()[0].toFixed(2)}`,
    versions: `Postgres ${postgres.version} (${settings.join(', ')}), Node.js ${process.version}, ` +
      `Restate ${packages['@restatedev/restate-server']} (SDK ${packages['@restatedev/restate-sdk']}), DBOS ${packages['@dbos-inc/dbos-sdk']}`,
  };
}
