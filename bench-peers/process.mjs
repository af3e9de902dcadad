// Processes that the benchmark starts, and what the kernel (Linux /proc) knows about them. Nothing that is started here outlives it:
// each process is ended by `stopAll`, and by the kernel if this program is killed.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';

const running = new Set();

/** Starts a program whose output goes to `log`; with `output: 'text'`, standard output is collected. */
export function start(argv, { env = {}, cwd, log, output } = {}) {
  const file = openSync(log, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', output === 'text' ? 'pipe' : file, file],
  });
  closeSync(file);
  running.add(child);
  let text = '';
  child.stdout?.on('data', (chunk) => (text += chunk));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code, text });
    });
  });
  return { pid: child.pid, child, ended, log, name: argv[0] };
}

/** Runs a program to its end and gives back what it printed. */
export async function run(argv, options) {
  const { code, text } = await start(argv, { ...options, output: 'text' }).ended;
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${text}\n${readFileSync(options.log, 'utf8').slice(-2000)}`);
  return text;
}

/** Ends a process, by force if it takes longer than ten seconds. */
export async function stop({ child, ended }) {
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(patience);
}

/** Ends everything that still runs, at once. */
export function stopAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** Ports that nobody listens on. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const listening = servers.map((server) => new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve)));
  await Promise.all(listening);
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Waits until `check` is true; fails after a minute, or as soon as the process that should make it true has ended. */
export async function until(what, check, program) {
  const end = Date.now() + 60_000;
  while (!(await check())) {
    const dead = program && (program.child.exitCode !== null || program.child.signalCode !== null);
    if (dead || Date.now() > end) {
      const log = program ? `:\n${readFileSync(program.log, 'utf8').slice(-2000)}` : '';
      throw new Error(`${what}: ${dead ? 'the process ended' : 'not within a minute'}${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Milliseconds of processor time of a process and its descendants, those that have ended included. */
export function treeCpuMs(root) {
  const processes = allProcesses();
  const within = [...processes.values()].filter((one) => isWithin(one, root, processes));
  return within.reduce((ticks, one) => ticks + one.own + one.endedChildren, 0) * MS_PER_TICK;
}

/** Milliseconds that all processors together were busy since the machine started. */
export function machineBusyMs() {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).map(Number);
  return (user + nice + system + irq + softirq + steal) * MS_PER_TICK;
}

/** The parent of a process. */
export function parentOf(pid) {
  return stat(pid)?.parent;
}

// The kernel counts in hundredths of a second.
const MS_PER_TICK = 10;

function allProcesses() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(pids.map((pid) => [Number(pid), stat(pid)]).filter(([, one]) => one));
}

function isWithin(one, root, processes) {
  for (let at = one; at; at = processes.get(at.parent)) if (at.pid === root) return true;
  return false;
}

function stat(pid) {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name in parentheses may hold anything; what follows its last one is separated by spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
  return { pid: Number(pid), parent: fields[1], own: fields[11] + fields[12], endedChildren: fields[13] + fields[14] };
}

/** A file of /proc, unless its process has ended meanwhile. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
