import assert from 'node:assert/strict';
import { test } from 'node:test';
import { report } from './report.mjs';

const titles = { stepwell: 'Stepwell', restate: 'Restate', dbos: 'DBOS' };

/** A turn that runs `perSecond` of everything, and takes the milliseconds that follow from it. */
function turn(perSecond) {
  const cpuMs = { app: 600 / perSecond, Postgres: 400 / perSecond, total: 1000 / perSecond };
  const one = { perSecond, p50: 1000 / perSecond, p99: 2000 / perSecond, cpuMs, walBytes: 100, loadMs: 0.1, othersShare: 0.25, busyShare: 1 };
  return { webhooks: one, waited: one, alone: one, noops: one };
}

function rowOf(rounds, title) {
  const line = report({ machine: 'm', versions: 'v', rounds, titles }).split('\n').find((text) => text.startsWith(`| ${title} |`));
  return line.split(' | ').slice(1).map((cell) => cell.replace(' |', ''));
}

test('a ratio compares the figures of one round and is given with its spread', () => {
  // The machine was ten times as slow in the second round; the ratios of that round are as good as any.
  const rounds = [
    { stepwell: turn(3000), restate: turn(500), dbos: turn(250) },
    { stepwell: turn(300), restate: turn(60), dbos: turn(20) },
    { stepwell: turn(2800), restate: turn(400), dbos: turn(700) },
  ];
  assert.deepEqual(rowOf(rounds, 'webhook sagas/s'), ['2,800', '400', '250', '6.0 (5.0 to 7.0)', '12.0 (4.0 to 15.0)', '5.0 (4.0 to 6.0)']);
});

test('a figure of which less is better gives the same ratios', () => {
  const rounds = [{ stepwell: turn(1000), restate: turn(500), dbos: turn(250) }];
  assert.deepEqual(rowOf(rounds, 'processor ms per webhook saga'), ['1.00', '2.00', '4.00', '2.0 (2.0 to 2.0)', '4.0 (4.0 to 4.0)', '2.0 (2.0 to 2.0)']);
});

test('a report without Stepwell has no ratios, and says what other programs used', () => {
  const text = report({ machine: 'm', versions: 'v', rounds: [{ restate: turn(500) }], titles });
  assert.ok(!text.includes('against Restate'));
  assert.ok(text.includes('Other programs used 25 % (at most 25 % during one measurement)'));
});
