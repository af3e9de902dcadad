// The three systems. Each starts from nothing, with an empty database of its own, and says which requests start its saga and its no-op:
// `send` is answered once the run is durable, `run` once it has ended. `processes` are what its
// processor time is made of, and `walBytes` counts its write-ahead log.
import { createHmac, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { freePorts, run, start, stop, until } from './process.mjs';

const NODE = process.execPath;

export const systems = {
  stepwell: { title: 'Stepwell', start: startStepwell },
  restate: { title: 'Restate', start: startRestate },
  dbos: { title: 'DBOS', start: startDbos },
};

async function startStepwell({ folder, target, stepwell, postgres }) {
  const [port] = await freePorts(1);
  const url = await postgres.createDatabase('stepwell');
  const workflows = join(folder, 'workflows');
  cpSync(new URL('stepwell', import.meta.url).pathname, workflows, { recursive: true });
  for (const name of readdirSync(workflows)) {
    const path = join(workflows, name);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('TARGET', target));
  }
  const key = randomBytes(32);
  const env = {
    DATABASE_URL: url,
    STEPWELL_LISTEN: `127.0.0.1:${port}`,
    STEPWELL_WORKFLOWS: workflows,
    STEPWELL_NETWORK_ALLOW: new URL(target).host,
    STEPWELL_SECRET_BENCH: `whsec_${key.toString('base64')}`,
  };
  const options = { env, cwd: folder, log: join(folder, 'stepwell.log') };
  await run([stepwell, 'deploy', workflows], options);
  const token = (await run([stepwell, 'token', 'create', '--scopes', 'read,operate'], options)).trim();
  const node = start([stepwell, 'serve'], options);
  await until('starting Stepwell', () => answers(`http://127.0.0.1:${port}/readyz`), node);
  const api = (name) => httpRequest(port, `/api/v1/workflows/bench/${name}/runs?wait=30`, { n: 1 }, { authorization: `Bearer ${token}` });
  return {
    port,
    processes: { node: node.pid, Postgres: postgres.pid },
    walBytes: postgres.walBytes,
    // Each webhook has an id of its own: the same one again would start nothing.
    send: (count) => Array.from({ length: count }, (_, n) => webhook(port, key, n)),
    run: (name) => [api(name)],
    ended: (answer) => answer.status === 'completed',
    stop: () => stop(node),
  };
}

async function startRestate({ folder, target }) {
  const [servicePort, ingress, admin, fabric] = await freePorts(4);
  const service = start([NODE, new URL('restate/service.mjs', import.meta.url).pathname], {
    env: { PORT: servicePort, TARGET: target, NODE_ENV: 'production', RESTATE_LOGGING: 'WARN' },
    log: join(folder, 'restate-service.log'),
  });
  const data = join(folder, 'restate');
  mkdirSync(data);
  const server = start([restateServer(), '--production', '--no-logo', '--node-name', 'bench', '--auto-provision', 'true', '--base-dir', data], {
    env: {
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: fabric,
      RESTATE_INGRESS__BIND_PORT: ingress,
      RESTATE_ADMIN__BIND_PORT: admin,
      // Its default of 24 is for clusters; on two cores it then takes 1.4 times the processor time.
      RESTATE_DEFAULT_NUM_PARTITIONS: 2 * availableParallelism(),
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_LOG_FILTER: 'warn',
      RESTATE_DISABLE_TELEMETRY: 'true',
    },
    cwd: folder,
    log: join(folder, 'restate-server.log'),
  });
  await until('starting Restate', () => answers(`http://127.0.0.1:${admin}/health`), server);
  await until('registering the service', () => answers(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${servicePort}` }), service);
  return {
    port: ingress,
    processes: { service: service.pid, server: server.pid },
    walBytes: () => rocksDbWalBytes(`http://127.0.0.1:${fabric}/metrics`),
    send: () => [httpRequest(ingress, '/bench/calls/send', { n: 1 })],
    run: (name) => [httpRequest(ingress, `/bench/${name}`, { n: 1 })],
    ended: (answer) => answer.ok === true || answer.n === 1,
    stop: async () => {
      await stop(server);
      await stop(service);
    },
  };
}

async function startDbos({ folder, target, postgres }) {
  const [port] = await freePorts(1);
  const url = await postgres.createDatabase('dbos');
  const app = start([NODE, new URL('dbos/app.mjs', import.meta.url).pathname], {
    env: { PORT: port, TARGET: target, DATABASE_URL: url, NODE_ENV: 'production', POOL_SIZE: process.env.DBOS_POOL ?? 20 },
    log: join(folder, 'dbos.log'),
  });
  await until('starting DBOS', () => answers(`http://127.0.0.1:${port}/noop`, { n: 1 }), app);
  return {
    port,
    processes: { app: app.pid, Postgres: postgres.pid },
    walBytes: postgres.walBytes,
    send: () => [httpRequest(port, '/calls/send', { n: 1 })],
    run: (name) => [httpRequest(port, `/${name}`, { n: 1 })],
    ended: (answer) => answer.ok === true || answer.n === 1,
    stop: () => stop(app),
  };
}

/** Restate's logs and its metadata are in RocksDB, whose counters are before compression. */
async function rocksDbWalBytes(url) {
  const text = await (await fetch(url)).text();
  return [...text.matchAll(/^restate_rocksdb_wal_bytes_total\{.*\} (\d+)$/gm)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

function restateServer() {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  return new URL(`node_modules/@restatedev/restate-server-linux-${arch}/bin/restate-server`, import.meta.url).pathname;
}

function webhook(port, key, n) {
  const body = { type: 'calls', n };
  const id = `bench-${randomBytes(8).toString('hex')}`;
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${JSON.stringify(body)}`).digest('base64');
  return httpRequest(port, '/hooks/bench', body, { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` });
}

/** A whole request as it goes over the wire. */
function httpRequest(port, path, body, headers = {}) {
  const text = JSON.stringify(body);
  const all = { host: `127.0.0.1:${port}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
}

async function answers(url, body) {
  const options = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    return (await fetch(url, options)).ok;
  } catch {
    return false;
  }
}
