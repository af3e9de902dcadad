'use strict'
const sender = require('SuiteScripts/stepwell/stepwell_send_mr')
const outbox = require('SuiteScripts/stepwell/stepwell_outbox')
const delivery = require('SuiteScripts/stepwell/stepwell_delivery')
const { headers } = require('SuiteScripts/stepwell/stepwell_signature')
const { Webhook } = require('standardwebhooks')
const { Account, runMapReduce } = require('./account')
const { install } = require('./stubs')
const samples = require('./samples')

const SECRET = 'c3RlcHdlbGwtZGVtby1lcnAtd2ViaG9vay1zZWNyZXQ='
const NOON = Date.parse('2026-11-20T12:00:00Z')
let account

/** An account with one of each record, and a hub that answers with these statuses, the last one again and again. */
function given(statuses = [202], parameters = {}) {
  const answers = [...statuses]
  const post = () => {
    const status = answers.length > 1 ? answers.shift() : answers[0]
    if (status === 0) throw Object.assign(new Error('the host cannot be reached'), { name: 'SSS_INVALID_HOST' })
    return { code: status, body: `{"status":${status}}` }
  }
  account = install(samples.stock(new Account({ parameters, secrets: { custsecret_stepwell: SECRET }, post })))
  return account
}

const add = (recordType, recordId, event, more = {}) => outbox.add({
  recordType, recordId: String(recordId), event, externalId: '', occurredAt: '2026-11-20T11:59:58Z', changes: '', createdFrom: '',
  context: 'USERINTERFACE', user: '12', ...more,
})
const run = () => runMapReduce(sender)
const bodies = () => account.posts.map(({ body }) => JSON.parse(body))
const row = (id) => {
  const found = account.outbox.get(String(id))
  return { state: found[outbox.FIELD.state], attempts: found[outbox.FIELD.attempts], next: found[outbox.FIELD.next], answer: found[outbox.FIELD.answer] }
}

beforeEach(() => {
  jest.useFakeTimers({ now: NOON })
})
afterEach(() => {
  jest.useRealTimers()
  jest.restoreAllMocks()
})

test('the signature is that of the published example of Standard Webhooks', () => {
  given()
  account.secrets.published = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  expect(headers('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}', 'published')).toMatchObject({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('the reference library takes what is sent, and nothing else', () => {
  given()
  add('customer', 647, 'edit', { changes: 'creditLimit' })
  run()
  const [{ headers: sent, body, url }] = account.posts
  expect(url).toBe('https://hub.example.com/hooks/netsuite')
  expect(new Webhook(SECRET).verify(body, sent)).toMatchObject({ recordType: 'customer' })
  expect(() => new Webhook(SECRET).verify(body.replace('647', '648'), sent)).toThrow()
  expect(() => new Webhook('d3Jvbmc=').verify(body, sent)).toThrow()
})

test('a message says what happened to which record, and has the record as it is now', () => {
  given()
  add('customer', 647, 'xedit', { changes: 'creditLimit', externalId: '001Ws00000Kq3EaIAJ' })
  run()
  expect(bodies()).toEqual([{
    eventId: 'ns-1234567_SB1-1',
    accountId: '1234567_SB1',
    recordType: 'customer',
    type: 'xedit',
    id: '647',
    externalId: '001Ws00000Kq3EaIAJ',
    occurredAt: '2026-11-20T11:59:58Z',
    executionContext: 'USERINTERFACE',
    userId: '12',
    changes: { creditLimit: {} },
    createdFrom: null,
    record: {
      entityId: 'CUST-000647',
      companyName: 'Brückner & Söhne Fördertechnik GmbH',
      email: null,
      phone: null,
      isInactive: false,
      parent: null,
      terms: { id: '2' },
      currency: { id: '4', refName: 'EUR' },
      creditLimit: 250000,
      creditHoldOverride: { id: 'AUTO', refName: 'Auto' },
    },
  }])
})

test('an external id that a record got meanwhile is told, and one that it had is not forgotten', () => {
  given()
  add('inventoryitem', 2215, 'create')
  add('contact', 1801, 'delete', { externalId: '003Ws00000Lm7PtIAJ' })
  run()
  expect(bodies().map(({ externalId }) => externalId)).toEqual(['ITEM-CM-300', '003Ws00000Lm7PtIAJ'])
})

test('a limit that was cleared is null, and one of nought is nought', () => {
  given()
  account.put('customer', 1, { ...samples.CUSTOMER, creditlimit: '' })
  account.put('customer', 2, { ...samples.CUSTOMER, creditlimit: 0 })
  add('customer', 1, 'edit')
  add('customer', 2, 'edit')
  run()
  expect(bodies().map(({ record }) => record.creditLimit)).toEqual([null, 0])
})

test('an account without Multiple Currencies tells its own currency', () => {
  given([202], { custscript_stepwell_currency: 'CHF' })
  account.put('customer', 1, { ...samples.CUSTOMER, currency: '' })
  account.put('serviceitem', 2, { ...samples.ITEM, rate: 120 })
  add('customer', 1, 'edit')
  add('serviceitem', 2, 'create')
  run()
  expect(bodies()[0].record.currency).toEqual({ id: null, refName: 'CHF' })
  expect(bodies()[1].record.prices).toEqual([{ currency: { refName: 'CHF' }, price: 120 }])
})

test('an item has its base price in each currency', () => {
  given()
  account.put('kititem', 7, samples.ITEM, {
    sublists: { item: [], price1: [{ pricelevel: '1', price_1_: 2599 }], price4: [{ pricelevel: '2', price_1_: 9 }, { pricelevel: '1', price_1_: 2349.9 }] },
  })
  add('kititem', 7, 'edit')
  run()
  expect(bodies()[0].record).toMatchObject({
    itemId: 'CM-300',
    isInactive: false,
    prices: [{ currency: { id: '1', refName: 'USD' }, price: 2599 }, { currency: { id: '4', refName: 'EUR' }, price: 2349.9 }],
  })
})

test.each([['itemfulfillment', 3301, 'ship'], ['invoice', 3401, 'create']])('%s names the order that it was created from', (type, id, event) => {
  given()
  add(type, id, event, { createdFrom: '90871' })
  run()
  expect(bodies()[0].createdFrom).toEqual({ recordType: 'salesorder', id: '90871', externalId: '006Ws00000Hd9XqIAJ' })
})

test('a record that is gone is told without its fields', () => {
  given()
  add('contact', 1801, 'delete')
  add('salesorder', 5, 'edit')
  run()
  expect(bodies().map(({ record }) => record)).toEqual([null, null])
})

test('with the parameter off, a message names the record and has nothing of it', () => {
  given([202], { custscript_stepwell_record: false })
  add('customer', 647, 'edit', { changes: 'creditLimit' })
  run()
  expect(bodies()[0]).toMatchObject({ id: '647', changes: { creditLimit: {} }, record: null })
})

test('events of one record are sent in their order, and a failed one holds back the later ones of its record only', () => {
  given([503, 202])
  add('salesorder', 90871, 'create')
  add('customer', 647, 'edit')
  add('salesorder', 90871, 'approve')
  run()
  expect(bodies().map(({ recordType, type }) => `${recordType}.${type}`)).toEqual(['salesorder.create', 'customer.edit'])
  jest.setSystemTime(NOON + 60_000)
  run()
  expect(bodies().map(({ type }) => type)).toEqual(['create', 'edit', 'create', 'approve'])
  expect(account.rows().map((one) => one[outbox.FIELD.state])).toEqual(['sent', 'sent', 'sent'])
})

test('a repeat has the same id and a signature of its own time', () => {
  given([0, 202])
  add('customer', 647, 'edit')
  run()
  jest.setSystemTime(NOON + 60_000)
  run()
  const [first, second] = account.posts.map(({ headers: sent }) => sent)
  expect(second['webhook-id']).toBe(first['webhook-id'])
  expect(second['webhook-timestamp']).not.toBe(first['webhook-timestamp'])
  expect(second['webhook-signature']).not.toBe(first['webhook-signature'])
})

test('attempts wait longer each time, up to an hour, and none is made before its time', () => {
  given([500])
  add('customer', 647, 'edit')
  run()
  expect(row(1)).toEqual({ state: 'waiting', attempts: 1, next: NOON / 1000 + 60, answer: '500: {"status":500}' })
  run()
  expect(account.posts).toHaveLength(1)
  expect([1, 2, 3, 6, 7, 40].map(delivery.delaySeconds)).toEqual([60, 120, 240, 1920, 3600, 3600])
})

test.each([401, 404, 408, 429, 500, 503, 0])('%s is tried again', (status) => {
  given([status])
  add('customer', 647, 'edit')
  run()
  expect(row(1).state).toBe('waiting')
})

test('a hub that is away for a day loses nothing', () => {
  const tries = Array.from({ length: delivery.ATTEMPTS_MAX - 1 }, (_, index) => delivery.delaySeconds(index + 1))
  expect(tries.reduce((sum, seconds) => sum + seconds)).toBeGreaterThan(45 * 3600)
})

test.each([400, 413, 415, 422])('%s would be the same again: the row is refused, a person is told, and later events go on', (status) => {
  given([status, 202])
  add('salesorder', 90871, 'create')
  add('salesorder', 90871, 'approve')
  expect(run).toThrow(`row 1, refused: create of salesorder 90871: ${status}`)
  expect([row(1).state, row(2).state]).toEqual(['refused', 'sent'])
})

test('a row that failed too often is given up, a person is told, and later events go on', () => {
  given([500, 202])
  add('customer', 647, 'edit')
  add('customer', 647, 'edit')
  outbox.mark('1', { attempts: delivery.ATTEMPTS_MAX - 1 })
  expect(run).toThrow('row 1, given-up: edit of customer 647: 500')
  expect([row(1).state, row(2).state]).toEqual(['given-up', 'sent'])
})

test('a copy of the account sends nothing', () => {
  given([202], { custscript_stepwell_account: '1234567' })
  add('customer', 647, 'edit')
  expect(run).toThrow('meant for account 1234567, and this is 1234567_SB1')
  expect(account.posts).toEqual([])
})

test('a sender without its parameters says which', () => {
  given([202], { custscript_stepwell_url: '' })
  expect(run).toThrow('set the parameters URL and Secret')
})

test('a pass that runs short of units leaves the rest to the next one', () => {
  given()
  add('customer', 647, 'edit')
  account.usage = 59
  run()
  expect(account.posts).toEqual([])
  expect(row(1).state).toBe('waiting')
})

test('rows are removed two weeks after they were sent, and those that need a person stay', () => {
  given([202, 422, 202])
  add('customer', 647, 'edit')
  add('contact', 1801, 'edit')
  expect(run).toThrow('refused')
  jest.setSystemTime(NOON + 15 * 86400_000)
  run()
  expect(account.rows().map((one) => one[outbox.FIELD.state])).toEqual(['refused'])
})
