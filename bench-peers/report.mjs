// What was measured, as Markdown: for each figure the median of the rounds, and how many times better Stepwell is than each peer and than the
// better one. A ratio compares the figures of one round, so that whatever slowed the machine down in it slowed down both.

/** Every figure: what it is, where it is in the results of a turn, whether more or less of it is better, and its decimal places. */
const FIGURES = [
  ['webhook sagas/s', (turn) => turn.webhooks.perSecond, 'more', 0],
  ['processor ms per webhook saga', (turn) => turn.webhooks.cpuMs.total, 'less', 2],
  ['write-ahead log per webhook saga, bytes', (turn) => turn.webhooks.walBytes, 'less', 0],
  ['webhook to its answer, saturated, p50 ms', (turn) => turn.webhooks.p50, 'less', 1],
  ['waited sagas/s', (turn) => turn.waited.perSecond, 'more', 0],
  ['processor ms per waited saga', (turn) => turn.waited.cpuMs.total, 'less', 2],
  ['start to answer, saturated, p50 ms', (turn) => turn.waited.p50, 'less', 1],
  ['start to answer, saturated, p99 ms', (turn) => turn.waited.p99, 'less', 1],
  ['start to answer, one at a time, p50 ms', (turn) => turn.alone.p50, 'less', 2],
  ['start to answer, one at a time, p99 ms', (turn) => turn.alone.p99, 'less', 2],
  ['no-ops/s', (turn) => turn.noops.perSecond, 'more', 0],
  ['processor ms per no-op', (turn) => turn.noops.cpuMs.total, 'less', 2],
];

/** `rounds` holds for each round the turn of each system, by name. Ratios are left out if Stepwell was not measured. */
export function report({ machine, versions, rounds, titles }) {
  const names = Object.keys(rounds[0]);
  const rivals = rivalsOf(names, titles);
  const heads = ['', ...names.map((name) => titles[name]), ...rivals.map(({ title }) => `against ${title}`)];
  const rows = FIGURES.map(([title, pick, better, digits]) => [
    title,
    ...names.map((name) => decimal(median(rounds.map((turns) => pick(turns[name]))), digits)),
    ...rivals.map(({ peers }) => spread(rounds.map((turns) => ratio(turns, pick, better, peers)))),
  ]);
  return [
    machine,
    versions,
    '',
    table(heads, rows),
    '',
    `Medians of ${rounds.length} rounds. Against a peer: how many times better Stepwell is, as median (least to most) of the rounds.`,
    '',
    'Processor ms per webhook saga, by process:',
    ...names.map((name) => `- ${titles[name]}: ${byProcess(rounds.map((turns) => turns[name].webhooks))}`),
    '',
    `Other programs used ${othersText(rounds)} of the busy processor time.`,
  ].join('\n');
}

/** Each peer, and the better one in each round and figure. */
function rivalsOf(names, titles) {
  const peers = names.includes('stepwell') ? names.filter((name) => name !== 'stepwell') : [];
  const each = peers.map((peer) => ({ title: titles[peer], peers: [peer] }));
  return peers.length > 1 ? [...each, { title: 'the better one', peers }] : each;
}

/** Above 1, Stepwell is better than the best of `peers`. */
function ratio(turns, pick, better, peers) {
  const [ours, theirs] = [pick(turns.stepwell), peers.map((peer) => pick(turns[peer]))];
  return better === 'more' ? ours / Math.max(...theirs) : Math.min(...theirs) / ours;
}

function byProcess(measurements) {
  const processes = Object.keys(measurements[0].cpuMs).filter((name) => name !== 'total');
  const texts = processes.map((name) => `${name} ${decimal(median(measurements.map((one) => one.cpuMs[name])), 3)}`);
  const [loadMs, busy] = [median(measurements.map((one) => one.loadMs)), median(measurements.map((one) => one.busyShare * 100))];
  return `${texts.join(', ')}; load and target ${decimal(loadMs, 3)}; all cores together were ${decimal(busy, 0)} % busy`;
}

function othersText(rounds) {
  const measurements = rounds.flatMap((turns) => Object.values(turns).flatMap((turn) => Object.values(turn)));
  const shares = measurements.map((one) => one.othersShare * 100);
  return `${decimal(median(shares), 0)} % (at most ${decimal(Math.max(...shares), 0)} % during one measurement)`;
}

function spread(values) {
  return `${decimal(median(values), 1)} (${decimal(Math.min(...values), 1)} to ${decimal(Math.max(...values), 1)})`;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function decimal(value, digits) {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
