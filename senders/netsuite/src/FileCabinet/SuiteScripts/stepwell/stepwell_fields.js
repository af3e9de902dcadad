/**
 * Which fields of which records the hub's workflows look at: by their ids in scripts, with their names in the REST API. One table serves
 * both sides: an edit says which of these fields it changed, and a message carries these fields as they are when it is sent.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define([], () => {
  /** What a field holds, and so how it is written: text, number, flag, choice {id, refName}, reference {id}, currency {id, refName}. */
  const KIND = { TEXT: 'text', NUMBER: 'number', FLAG: 'flag', CHOICE: 'choice', REFERENCE: 'reference', CURRENCY: 'currency' }
  const { TEXT, NUMBER, FLAG, CHOICE, REFERENCE, CURRENCY } = KIND

  const ITEM = {
    itemid: ['itemId', TEXT],
    displayname: ['displayName', TEXT],
    salesdescription: ['salesDescription', TEXT],
    isinactive: ['isInactive', FLAG],
  }

  const FIELDS = {
    customer: {
      entityid: ['entityId', TEXT],
      companyname: ['companyName', TEXT],
      email: ['email', TEXT],
      phone: ['phone', TEXT],
      isinactive: ['isInactive', FLAG],
      parent: ['parent', REFERENCE],
      terms: ['terms', REFERENCE],
      currency: ['currency', CURRENCY],
      creditlimit: ['creditLimit', NUMBER],
      creditholdoverride: ['creditHoldOverride', CHOICE],
    },
    contact: {
      entityid: ['entityId', TEXT],
      salutation: ['salutation', TEXT],
      firstname: ['firstName', TEXT],
      lastname: ['lastName', TEXT],
      title: ['title', TEXT],
      email: ['email', TEXT],
      phone: ['phone', TEXT],
      mobilephone: ['mobilePhone', TEXT],
      company: ['company', REFERENCE],
    },
    salesorder: {
      tranid: ['tranId', TEXT],
      orderstatus: ['orderStatus', CHOICE],
      entity: ['entity', REFERENCE],
      currency: ['currency', CURRENCY],
      otherrefnum: ['otherRefNum', TEXT],
      total: ['total', NUMBER],
    },
    itemfulfillment: {
      tranid: ['tranId', TEXT],
      createdfrom: ['createdFrom', REFERENCE],
      shipstatus: ['shipStatus', CHOICE],
    },
    invoice: {
      tranid: ['tranId', TEXT],
      createdfrom: ['createdFrom', REFERENCE],
      entity: ['entity', REFERENCE],
      currency: ['currency', CURRENCY],
      total: ['total', NUMBER],
      amountremaining: ['amountRemaining', NUMBER],
    },
    inventoryitem: ITEM,
    serializedinventoryitem: ITEM,
    lotnumberedinventoryitem: ITEM,
    assemblyitem: ITEM,
    serializedassemblyitem: ITEM,
    lotnumberedassemblyitem: ITEM,
    kititem: ITEM,
    noninventoryitem: ITEM,
    serviceitem: ITEM,
  }

  /** The fields of a type of record: {idInScripts: [nameInRest, kind]}. Types that are not in the table have none. */
  const of = (recordType) => FIELDS[recordType] || {}

  const isItem = (recordType) => of(recordType) === ITEM

  return { KIND, of, isItem, types: Object.keys(FIELDS) }
})
