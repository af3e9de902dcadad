// One measurement: wrk drives a system while the kernel counts what that costs. The same wrk, script and target for every system.
import { statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { machineBusyMs, run, start, stop, treeCpuMs, until } from './process.mjs';

/** The target: nginx. Its count file has a byte for each third call of a saga. */
export async function startTarget({ nginx, template, folder, port }) {
  const countFile = join(folder, 'ended');
  const config = join(folder, 'target.conf');
  writeFileSync(config, template.replaceAll('FOLDER', folder).replaceAll('PORT', port).replaceAll('COUNT_FILE', countFile));
  const log = join(folder, 'target.log');
  const target = start([nginx, '-c', config, '-p', folder, '-e', 'stderr'], { log });
  const url = `http://127.0.0.1:${port}`;
  await until('starting the target', async () => (await fetch(url).catch(() => ({ ok: false }))).ok, target);
  return { url, countFile, sagas: () => statSync(countFile).size, stop: () => stop(target) };
}

/**
 * Sagas (or, without a target's count, answers) per second, answers' milliseconds, and per saga processor time and bytes of write-ahead log.
 * `inFlight` bounds the sagas under way when their start is answered at once.
 */
export async function measure({ system, bench, requests, connections, seconds, inFlight, counts }) {
  const file = join(bench.folder, 'requests');
  writeFileSync(file, requests.join('\0'));
  const { target } = bench;
  const before = await meters(system, bench);
  const env = { REQUESTS: file, ...(inFlight && { COUNT_FILE: target.countFile, IN_FLIGHT: inFlight }) };
  const argv = [bench.wrk, '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', bench.script, `http://127.0.0.1:${system.port}/`];
  const text = await run(argv, { env, log: join(bench.folder, 'wrk.log') });
  const load = JSON.parse(text.slice(text.lastIndexOf('\n{')));
  const drained = counts === 'sagas' ? await drain(target, before.sagas + load.requests) : 0;
  const after = await meters(system, bench);
  const done = counts === 'sagas' ? after.sagas - before.sagas : load.requests;
  check({ load, done, connections });
  // With a start that is answered at once, sagas end after the load does; else the clock stops with the load.
  const elapsed = load.seconds + (inFlight ? drained : 0);
  const cpuMs = Object.fromEntries(Object.keys(system.processes).map((name) => [name, (after.cpuMs[name] - before.cpuMs[name]) / done]));
  const total = Object.values(cpuMs).reduce((sum, one) => sum + one, 0);
  const loadMs = (after.oursMs - before.oursMs) / done - total;
  return {
    perSecond: (inFlight ? done : load.requests) / elapsed,
    p50: load.p50,
    p99: load.p99,
    cpuMs: { ...cpuMs, total },
    loadMs,
    walBytes: (after.walBytes - before.walBytes) / done,
    othersShare: others(before, after),
    busyShare: (after.busyMs - before.busyMs) / (after.at - before.at) / availableParallelism(),
    done,
  };
}

/** Sends one request and gives back the JSON of its answer. */
export function ask(port, request) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request.replace('\r\n', '\r\nconnection: close\r\n')));
    socket.on('data', (chunk) => (text += chunk)).on('error', reject);
    socket.on('close', () => {
      const json = /\{.*\}/s.exec(text.slice(text.indexOf('\r\n\r\n')));
      if (/^HTTP\/1\.1 200 /.test(text) && json) resolve(JSON.parse(json[0]));
      else reject(new Error(`asked ${request}\nanswered ${text}`));
    });
  });
}

/** Seconds until the last saga has ended: all that were accepted, and none for half a second. */
async function drain(target, accepted) {
  const began = performance.now();
  let [sagas, last] = [target.sagas(), began];
  for (;;) {
    await delay(2);
    const now = performance.now();
    if (target.sagas() !== sagas) [sagas, last] = [target.sagas(), now];
    if (sagas >= accepted && now - last > 500) return (last - began) / 1000;
    if (now - last > 20_000) throw new Error(`${accepted - sagas} sagas did not end`);
  }
}

/** A figure counts only if every start was answered, and every saga that was started has ended, once. */
function check({ load, done, connections }) {
  if (load.errors > 0) throw new Error(`${load.errors} of ${load.requests} requests failed`);
  // wrk cuts off what is under way when its time is over: these may have started a saga, too.
  if (done < load.requests || done > load.requests + connections) throw new Error(`${load.requests} starts were answered, and ${done} sagas ended`);
}

async function meters(system, bench) {
  const cpuMs = Object.entries(system.processes).map(([name, pid]) => [name, treeCpuMs(pid)]);
  return {
    cpuMs: Object.fromEntries(cpuMs),
    walBytes: await system.walBytes(),
    sagas: bench.target.sagas(),
    at: performance.now(),
    busyMs: machineBusyMs(),
    oursMs: treeCpuMs(process.pid) + treeCpuMs(bench.postgres.pid),
  };
}

/** The part of the busy processor time that other programs used: neither the system nor its database, load or target. */
function others(before, after) {
  const busy = after.busyMs - before.busyMs;
  return Math.max(0, 1 - (after.oursMs - before.oursMs) / busy);
}
