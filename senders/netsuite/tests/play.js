'use strict'
// Plays the scripts against a hub: changes records in an account in memory, as users would, and lets the sender send what that puts into the
// outbox. Prints what was answered, one line of JSON for each call.
//   node play.js URL KEY     URL of the source, KEY with or without whsec_

const { execFileSync } = require('node:child_process')
const { Account, runMapReduce } = require('./account')
const { loader } = require('./load')
const samples = require('./samples')

/** A call that waits for its answer, as NetSuite's do. */
function post({ url, headers, body }) {
  const call = `
    let body = ''
    process.stdin.on('data', (chunk) => { body += chunk }).on('end', async () => {
      const answer = await fetch(process.argv[1], { method: 'POST', headers: JSON.parse(process.argv[2]), body })
      process.stdout.write(JSON.stringify({ code: answer.status, body: await answer.text() }))
    })`
  const answer = JSON.parse(execFileSync(process.execPath, ['-e', call, url, JSON.stringify(headers)], { input: body, encoding: 'utf8' }))
  console.log(JSON.stringify({ id: headers['webhook-id'], message: JSON.parse(body), status: answer.code, answer: JSON.parse(answer.body) }))
  return answer
}

const [url, key] = process.argv.slice(2)
const account = samples.stock(new Account({
  parameters: { custscript_stepwell_url: url },
  secrets: { custsecret_stepwell: key.replace(/^whsec_/, '') },
  post,
}))
const load = loader(account.modules())
const { afterSubmit } = load('./stepwell_outbox_ue')
const { CUSTOMER, ORDER, CONTACT, ITEM, FULFILMENT } = samples

afterSubmit(samples.event('edit', 'customer', 647, CUSTOMER, { ...CUSTOMER, creditlimit: 100000 }))
afterSubmit(samples.event('xedit', 'salesorder', 90871, { orderstatus: 'B' }, { ...ORDER, orderstatus: 'A' }))
afterSubmit(samples.event('create', 'inventoryitem', 2215, ITEM, null))
afterSubmit(samples.event('delete', 'contact', 1801, null, CONTACT))
afterSubmit(samples.event('ship', 'itemfulfillment', 3301, FULFILMENT, FULFILMENT))
runMapReduce(load('./stepwell_send_mr'))
