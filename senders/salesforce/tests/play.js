'use strict'
// Sends to a hub what the package's Apex would, for a won opportunity. Prints what was answered as a line of JSON.
//   node play.js URL KEY     URL of the source, KEY with or without whsec_

const { requestOf } = require('./message')

const [url, key] = process.argv.slice(2)
const message = {
  organizationId: '00DWs000003aBcDMAU',
  messageId: '006Ws00000Hd9XqIAJ-closed_won-TID0001',
  object: 'Opportunity',
  change: 'closed_won',
  recordId: '006Ws00000Hd9XqIAJ',
  occurredAt: '2026-11-20T16:42:07Z',
}
const request = requestOf(message, key, Math.floor(Date.now() / 1000))

fetch(url, { method: 'POST', ...request }).then(async (answer) => {
  console.log(JSON.stringify({ id: request.headers['webhook-id'], status: answer.status, answer: await answer.json() }))
})
