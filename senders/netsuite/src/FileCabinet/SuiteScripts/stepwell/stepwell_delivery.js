/**
 * What becomes of a row after an attempt. Pure: the sender carries it out.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['./stepwell_outbox'], (outbox) => {
  const { STATE } = outbox
  /** Some two days with the delays below: longer than the hub may be away. */
  const ATTEMPTS_MAX = 52
  const FIRST_DELAY_SECONDS = 60
  const LONGEST_DELAY_SECONDS = 3600
  const ANSWER_CHARACTERS_MAX = 900
  /** Answers that the same bytes would be given again: malformed, too long, of a type that is not taken, refused by a workflow's schema. */
  const REFUSALS = [400, 413, 415, 422]

  /** A minute, then twice as long each time, up to an hour. */
  const delaySeconds = (attempts) => Math.min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), LONGEST_DELAY_SECONDS)

  const stateAfter = (status, attempts) => {
    if (status >= 200 && status < 300) {
      return STATE.SENT
    }
    if (REFUSALS.includes(status)) {
      return STATE.REFUSED
    }
    return attempts >= ATTEMPTS_MAX ? STATE.GIVEN_UP : STATE.WAITING
  }

  /** The values of a row after an attempt. `status` is that of the answer, 0 if none came; `detail` is what was answered. */
  const after = (row, status, detail, now) => {
    const attempts = row.attempts + 1
    const state = stateAfter(status, attempts)
    const answer = `${status || 'no answer'}: ${detail}`.slice(0, ANSWER_CHARACTERS_MAX)
    return state === STATE.WAITING
      ? { state, attempts, answer, next: now + delaySeconds(attempts) }
      : { state, attempts, answer, done: now }
  }

  return { ATTEMPTS_MAX, delaySeconds, after }
})
