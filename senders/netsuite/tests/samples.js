'use strict'
// Records as they would be in an account, and the user events that change them.

const { readable } = require('./account')

const CUSTOMER = {
  externalid: '001Ws00000Kq3EaIAJ', entityid: 'CUST-000647', companyname: 'Brückner & Söhne Fördertechnik GmbH', email: '', phone: '',
  isinactive: false, parent: '', terms: '2', currency: '4', creditlimit: 250000, creditholdoverride: 'AUTO',
}
const ORDER = {
  externalid: '006Ws00000Hd9XqIAJ', tranid: 'SO-4711', orderstatus: 'B', entity: '647', currency: '4', otherrefnum: 'PO-2026-1187', total: 24688.86,
}
const CONTACT = {
  externalid: '003Ws00000Lm7PtIAJ', entityid: 'Jördis Krämer', salutation: '', firstname: 'Jördis', lastname: 'Krämer', title: '',
  email: 'joerdis@foerdertechnik.example', phone: '', mobilephone: '', company: '647',
}
const ITEM = { externalid: 'ITEM-CM-300', itemid: 'CM-300', displayname: 'Conveyor module CM-300', salesdescription: 'Belt conveyor', isinactive: 'F' }
const FULFILMENT = { externalid: '', tranid: 'IF-12', createdfrom: '90871', shipstatus: 'C' }
const INVOICE = { externalid: '', tranid: 'INV-9', createdfrom: '90871', entity: '647', currency: '4', total: 24688.86, amountremaining: 24688.86 }

/** Puts one of each into an account. */
function stock(account) {
  account.put('customer', 647, CUSTOMER, { texts: { creditholdoverride: 'Auto' } })
  account.put('salesorder', 90871, ORDER, { texts: { orderstatus: 'Pending Fulfillment' } })
  account.put('contact', 1801, CONTACT)
  account.put('inventoryitem', 2215, ITEM, { sublists: { price4: [{ pricelevel: '5', price_1_: 1900 }, { pricelevel: '1', price_1_: 2349.9 }] } })
  account.put('itemfulfillment', 3301, FULFILMENT, { texts: { shipstatus: 'Shipped' } })
  account.put('invoice', 3401, INVOICE)
  return account
}

const event = (type, recordType, id, newValues, oldValues) => ({
  type,
  newRecord: newValues ? readable(recordType, id, newValues) : null,
  oldRecord: oldValues ? readable(recordType, id, oldValues) : null,
})

module.exports = { CUSTOMER, ORDER, CONTACT, ITEM, FULFILMENT, INVOICE, stock, event }
