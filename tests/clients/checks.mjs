// Shared by the JavaScript scripts: the sandbox's address, and checks with clear messages.
import { isDeepStrictEqual, inspect } from 'node:util';

export const BASE = (process.argv[2] ?? 'http://127.0.0.1:8081').replace(/\/$/, '');
let count = 0;

// Each script starts with the sandbox reset.
await fetch(`${BASE}/reset`, { method: 'POST' });

function fail(text) {
  console.error(text);
  process.exit(1);
}

/** Ends the script unless both are equal. */
export function same(what, found, expected) {
  count += 1;
  if (!isDeepStrictEqual(found, expected)) fail(`${what}: expected ${inspect(expected)}, found ${inspect(found)}`);
}

/** Ends the script unless it holds. */
export function holds(what, is, found) {
  count += 1;
  if (!is) fail(`${what} does not hold: ${inspect(found)}`);
}

/** Ends the script unless the promise is rejected; gives the error. */
export async function refused(what, promise) {
  count += 1;
  let found;
  try {
    found = await promise;
  } catch (error) {
    return error;
  }
  return fail(`${what}: expected an error, found ${inspect(found)}`);
}

/** Says that all went well. */
export function done(client) {
  console.log(`${client}: ${count} checks`);
}
