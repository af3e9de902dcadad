'use strict'
const { afterSubmit } = require('SuiteScripts/stepwell/stepwell_outbox_ue')
const { FIELD } = require('SuiteScripts/stepwell/stepwell_outbox')
const { Account } = require('./account')
const { install } = require('./stubs')
const samples = require('./samples')

const { CUSTOMER, ORDER, CONTACT, ITEM, FULFILMENT, INVOICE, event } = samples
let account

beforeEach(() => {
  account = install(new Account())
})
afterEach(() => jest.restoreAllMocks())

/** The row that an event writes, by the names that the package's own code uses. */
function rowAfter(...parts) {
  afterSubmit(event(...parts))
  const row = account.rows().at(-1)
  return Object.fromEntries(Object.entries(FIELD).map(([name, id]) => [name, row[id]]))
}

test('a created record is told by its type, id and external id, and nothing of its content is kept', () => {
  const row = rowAfter('create', 'customer', 647, CUSTOMER, null)
  expect(row).toMatchObject({
    recordType: 'customer', recordId: '647', event: 'create', externalId: '001Ws00000Kq3EaIAJ', changes: '', state: 'waiting', attempts: 0,
    next: 0, context: 'USERINTERFACE', user: '12',
  })
  expect(row.occurredAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(JSON.stringify(account.rows())).not.toMatch(/Fördertechnik|250000/)
})

test('an edit names the fields that it changed, as the REST API calls them', () => {
  const row = rowAfter('edit', 'customer', 647, { ...CUSTOMER, creditlimit: 1, creditholdoverride: 'ON' }, CUSTOMER)
  expect(row).toMatchObject({ event: 'edit', changes: 'creditLimit,creditHoldOverride' })
})

test('an empty field of the old record and of the new one are the same', () => {
  expect(rowAfter('edit', 'customer', 647, { ...CUSTOMER, phone: '' }, { ...CUSTOMER, phone: null }).changes).toBe('')
})

test('an inline edit holds only what was edited: the rest is not taken for cleared, and the external id is that of the old record', () => {
  const row = rowAfter('xedit', 'salesorder', 90871, { orderstatus: 'B' }, { ...ORDER, orderstatus: 'A' })
  expect(row).toMatchObject({ event: 'xedit', changes: 'orderStatus', externalId: '006Ws00000Hd9XqIAJ' })
})

test('a deleted record is told by what it was', () => {
  const row = rowAfter('delete', 'contact', 1801, null, CONTACT)
  expect(row).toMatchObject({ recordType: 'contact', recordId: '1801', event: 'delete', externalId: '003Ws00000Lm7PtIAJ', changes: '' })
})

test.each(['approve', 'cancel', 'reject'])('%s of an order is told', (type) => {
  expect(rowAfter(type, 'salesorder', 90871, ORDER, { ...ORDER, orderstatus: 'A' })).toMatchObject({ event: type, changes: 'orderStatus' })
})

test.each(['create', 'edit', 'pack', 'ship', 'delete'])('%s of a fulfillment names the order that it was created from', (type) => {
  const row = rowAfter(type, 'itemfulfillment', 3301, type === 'delete' ? null : FULFILMENT, type === 'create' ? null : FULFILMENT)
  expect(row).toMatchObject({ event: type, createdFrom: '90871' })
})

test('an inline edit of an invoice names the order too, although it does not hold it', () => {
  expect(rowAfter('xedit', 'invoice', 3401, { amountremaining: 0 }, INVOICE)).toMatchObject({ createdFrom: '90871', changes: 'amountRemaining' })
})

test.each(['inventoryitem', 'serializedinventoryitem', 'lotnumberedinventoryitem', 'assemblyitem', 'kititem', 'noninventoryitem', 'serviceitem'])(
  'a changed %s is told with its fields',
  (type) => {
    expect(rowAfter('edit', type, 2215, { ...ITEM, isinactive: 'T' }, ITEM)).toMatchObject({ recordType: type, changes: 'isInactive' })
  },
)

test('a row wakes the sender, and a sender that runs already is no error', () => {
  rowAfter('create', 'customer', 647, CUSTOMER, null)
  expect(account.submitted).toEqual([
    { taskType: 'MAP_REDUCE', scriptId: 'customscript_stepwell_send_mr', deploymentId: 'customdeploy_stepwell_send_now' },
  ])
  jest.spyOn(require('N/task'), 'create').mockImplementation(() => {
    throw new Error('MAP_REDUCE_ALREADY_RUNNING')
  })
  rowAfter('edit', 'customer', 647, CUSTOMER, CUSTOMER)
  expect(account.rows()).toHaveLength(2)
})

test('a user never sees an error of the outbox: the record is saved, and the log says what was not told', () => {
  jest.spyOn(require('N/record'), 'create').mockImplementation(() => {
    throw new Error('no permission')
  })
  afterSubmit(event('create', 'customer', 647, CUSTOMER, null))
  expect(account.log).toEqual([expect.objectContaining({ level: 'error', title: 'Stepwell: no outbox row for create of customer' })])
})
