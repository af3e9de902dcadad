'use strict'
// The Salesforce package: each file where and as Salesforce's tools expect it, Apex that parses, and everything that the workflows name.

const fs = require('node:fs')
const path = require('node:path')
const { ApexParserFactory, ApexErrorListener } = require('@apexdevtools/apex-parser')
const { read, all, value, filesIn } = require('../../tests/xml')
const { SECRET } = require('../../tests/secret')
const { complaints } = require('./metadata')
const { bodyOf, signatureOf } = require('./message')

const PACKAGE = path.join(__dirname, '..')
const WORKFLOWS = path.join(__dirname, '../../../workflows')
const files = ['force-app', 'org-setup'].flatMap((folder) => filesIn(path.join(PACKAGE, folder)))
const relative = (file) => path.relative(PACKAGE, file)
const metadata = files.filter((file) => file.endsWith('-meta.xml'))
const apex = files.filter((file) => /\.(cls|trigger)$/.test(file))

/** Folder and suffix of each type that the package has, as the registry of Salesforce's own deploy library has them. */
const PLACES = {
  ApexClass: ['classes', 'cls'],
  ApexTrigger: ['triggers', 'trigger'],
  CustomField: ['fields', 'field'],
  CustomObject: [null, 'object'],
  CustomTab: ['tabs', 'tab'],
  ExternalClientApplication: ['externalClientApps', 'eca'],
  ExternalCredential: ['externalCredentials', 'externalCredential'],
  ExtlClntAppGlobalOauthSettings: ['extlClntAppGlobalOauthSets', 'ecaGlblOauth'],
  ExtlClntAppOauthConfigurablePolicies: ['extlClntAppOauthPolicies', 'ecaOauthPlcy'],
  ExtlClntAppOauthSettings: ['extlClntAppOauthSettings', 'ecaOauth'],
  ListView: ['listViews', 'listView'],
  NamedCredential: ['namedCredentials', 'namedCredential'],
  PermissionSet: ['permissionsets', 'permissionset'],
  PlatformEventChannelMember: ['platformEventChannelMembers', 'platformEventChannelMember'],
  PlatformEventSubscriberConfig: ['PlatformEventSubscriberConfigs', 'platformEventSubscriberConfig'],
}

const objectOf = (file) => path.basename(path.dirname(path.dirname(file)))
const fields = metadata.filter((file) => file.endsWith('.field-meta.xml')).map((file) => {
  const root = read(file)
  return { object: objectOf(file), name: value(root, 'fullName'), type: value(root, 'type'), required: value(root, 'required') === 'true', root }
})
const permissionSet = (name) => read(path.join(PACKAGE, `force-app/main/default/permissionsets/${name}.permissionset-meta.xml`))

function syntaxErrors(text, isTrigger) {
  const errors = []
  class Listener extends ApexErrorListener {
    apexSyntaxError(line, column, message) {
      errors.push(`${line}:${column} ${message}`)
    }
  }
  const parser = ApexParserFactory.createParser(text)
  parser.removeErrorListeners()
  parser.addErrorListener(new Listener())
  if (isTrigger) parser.triggerUnit()
  else parser.compilationUnit()
  return errors
}

/** Names of what Apex keeps for itself, and of classes of the platform that are used here: names of Apex do not tell upper from lower case. */
const FORBIDDEN = new Set(`any array begin bulk case char commit currency date desc end exit export from group having hint in int into join like limit
  list long loop map merge number object of on or order package parallel search select set short sort system then time transaction when where
  json crypto database eventbus limits math test trigger url userinfo encodingutil assert`.split(/\s+/))

function forbiddenNames(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\])*'/g, '')
  const declared = [...code.matchAll(/\b[A-Z][\w.]*(?:<[^;()=]*>)?\s+([a-z]\w*)\s*(?==[^=]|;|,|\)|\(|:)/g)].map(([, name]) => name)
  return declared.filter((name) => FORBIDDEN.has(name.toLowerCase()))
}

describe('metadata', () => {
  test.each(metadata.map(relative))('%s is where its type belongs, and has only what its type has', (name) => {
    const file = path.join(PACKAGE, name)
    const root = read(file)
    expect(root.attributes.xmlns).toBe('http://soap.sforce.com/2006/04/metadata')
    const [folder, suffix] = PLACES[root.name]
    expect(path.basename(file)).toMatch(new RegExp(`\\.${suffix}-meta\\.xml$`))
    expect(path.basename(path.dirname(file))).toBe(folder || path.basename(file).replace('.object-meta.xml', ''))
    expect(complaints(root)).toEqual([])
  })

  test('a type has what Salesforce says, and nothing else', () => {
    const element = (name, text, children = []) => ({ name, text, children, attributes: {} })
    const event = (behavior) => element('CustomObject', '', [element('publishBehavior', behavior), element('label', 'x'), element('lable', 'x')])
    expect(complaints(event('PublishAfterCommit'))).toEqual(['CustomObject: CustomObject has no lable'])
    expect(complaints(event('AfterCommit'))).toContainEqual(expect.stringContaining('AfterCommit is none of'))
  })

  test('a file of a field is named as the field is', () => {
    for (const file of metadata.filter((one) => one.endsWith('.field-meta.xml'))) {
      expect(path.basename(file)).toBe(`${value(read(file), 'fullName')}.field-meta.xml`)
    }
  })

  test('the event is of high volume, is published after the commit, and names a record', () => {
    const event = read(path.join(PACKAGE, 'force-app/main/default/objects/Stepwell_Record_Changed__e/Stepwell_Record_Changed__e.object-meta.xml'))
    expect([value(event, 'eventType'), value(event, 'publishBehavior')]).toEqual(['HighVolume', 'PublishAfterCommit'])
    const own = fields.filter(({ object }) => object === 'Stepwell_Record_Changed__e').map(({ name, type }) => `${name} ${type}`)
    expect(own.sort()).toEqual(['Change__c Text', 'Message_Id__c Text', 'Object__c Text', 'Occurred_At__c DateTime', 'Record_Id__c Text'])
  })

  test('fields that records are found by are external ids, unique, and tell upper from lower case', () => {
    const keys = fields.filter(({ root }) => value(root, 'externalId') === 'true')
    expect(keys.map(({ object, name }) => `${object}.${name}`).sort()).toEqual([
      'Account.NetSuite_Id__c', 'Contact.NetSuite_Contact_Id__c', 'Opportunity.NetSuite_Sales_Order_Id__c', 'Product2.NetSuite_Item_Id__c',
    ])
    for (const { root } of keys) {
      expect(['unique', 'caseSensitive'].map((name) => value(root, name))).toEqual(['true', 'true'])
    }
  })
})

describe('permissions', () => {
  const integration = permissionSet('Stepwell_Integration')
  const readable = all(integration, 'fieldPermissions').map((one) => value(one, 'field'))
  const editable = all(integration, 'fieldPermissions').filter((one) => value(one, 'editable') === 'true').map((one) => value(one, 'field'))
  const objects = Object.fromEntries(all(integration, 'objectPermissions').map((one) => [value(one, 'object'), one]))
  const workflows = filesIn(WORKFLOWS).filter((file) => file.endsWith('.yaml') && !file.endsWith('.scenarios.yaml'))

  test('every custom field that a workflow or a mapping names is in the package, and the integration may read it', () => {
    const named = new Set(workflows.flatMap((file) => fs.readFileSync(file, 'utf8').match(/\b[A-Z]\w*__c\b/g) || []))
    const made = new Set(fields.map(({ name }) => name))
    expect([...named].filter((name) => !made.has(name))).toEqual([])
    // The fields of an event have no permission of their own: anyone who may read the event can read them.
    const ofEvents = fields.filter(({ object }) => object.endsWith('__e')).map(({ name }) => name)
    const permitted = new Set([...readable.map((name) => name.split('.')[1]), ...ofEvents])
    expect([...named].filter((name) => !permitted.has(name))).toEqual([])
    expect(named.size).toBeGreaterThan(8)
  })

  test('the integration may read all fields of the package on standard objects, and edit those that Stepwell writes', () => {
    const own = fields.filter(({ object }) => /^(Account|Contact|Opportunity|Product2)$/.test(object)).map(({ object, name }) => `${object}.${name}`)
    expect(own.filter((name) => !readable.includes(name))).toEqual([])
    expect(own.filter((name) => !editable.includes(name))).toEqual(['Account.VAT_Number__c', 'Opportunity.PO_Number__c'])
  })

  test('every standard field that a mapping names can be read, unless Salesforce lets everybody', () => {
    // Required fields, parts of a name and currencies of records have no permission of their own; nor has what a product line is priced by.
    const everybodys = ['Name', 'FirstName', 'LastName', 'Salutation', 'CurrencyIsoCode', 'StageName', 'CloseDate', 'LastModifiedDate', 'Id']
    for (const file of filesIn(path.join(WORKFLOWS, 'mappings'))) {
      const text = fs.readFileSync(file, 'utf8').split('\nsamples:')[0]
      const [head, rows] = text.split('\nrows:')
      const [, type] = head.match(/^crm: \{ type: (\w+)/m)
      // A path such as OpportunityLineItems.records[].Quantity names fields of another object.
      const named = [...rows.matchAll(/\bcrm: '?([A-Za-z]\w*)(?![\w.])/g)].map(([, name]) => name)
      expect(named.length).toBeGreaterThan(0)
      const plain = named.filter((name) => !everybodys.includes(name) && !/^(true|false)$/.test(name))
      // Addresses are mapped part by part, those of accounts; the permission is that of the whole.
      const shown = type === 'Address' ? ['Account.BillingAddress', 'Account.ShippingAddress'] : plain.map((name) => `${type}.${name}`)
      expect(shown.filter((name) => !readable.includes(name))).toEqual([])
    }
  })

  test('nobody may delete, and nobody may change what is not theirs to change', () => {
    for (const one of Object.values(objects)) {
      expect([value(one, 'allowDelete'), value(one, 'modifyAllRecords')]).toEqual(['false', 'false'])
    }
    expect(Object.keys(objects).sort()).toEqual(['Account', 'Contact', 'Opportunity', 'Pricebook2', 'Product2', 'Stepwell_Record_Changed__e'])
    expect(all(integration, 'userPermissions').map((one) => value(one, 'name'))).toEqual(['ApiEnabled', 'ApiUserOnly'])
  })

  test('a permission names a field or an object that exists, each once', () => {
    const made = fields.map(({ object, name }) => `${object}.${name}`)
    for (const set of ['Stepwell_Integration', 'Stepwell_Operator', 'Stepwell_Sender']) {
      const named = all(permissionSet(set), 'fieldPermissions').map((one) => value(one, 'field'))
      expect(new Set(named).size).toBe(named.length)
      expect(named.filter((name) => name.endsWith('__c') && !made.includes(name))).toEqual([])
      // Salesforce refuses permissions for required fields.
      const required = fields.filter((field) => field.required).map(({ object, name }) => `${object}.${name}`)
      expect(named.filter((name) => required.includes(name))).toEqual([])
    }
  })
})

describe('apex', () => {
  test.each(apex.map(relative))('%s parses', (name) => {
    expect(syntaxErrors(fs.readFileSync(path.join(PACKAGE, name), 'utf8'), name.endsWith('.trigger'))).toEqual([])
  })

  test('a mistake is found', () => {
    expect(syntaxErrors('public class A { void a() { insert ); } }', false)).not.toEqual([])
    expect(forbiddenNames('public static String of(String id) { JSONGenerator json = x; for (Account order : y) {} }')).toEqual(['of', 'json', 'order'])
  })

  test.each(apex.map(relative))('%s declares no name that Apex reserves or that hides a class', (name) => {
    expect(forbiddenNames(fs.readFileSync(path.join(PACKAGE, name), 'utf8'))).toEqual([])
  })

  test('every class has its description of the platform, and the same API version', () => {
    for (const file of apex) {
      expect(value(read(`${file}-meta.xml`), 'apiVersion')).toBe('62.0')
    }
    expect(JSON.parse(fs.readFileSync(path.join(PACKAGE, 'sfdx-project.json'), 'utf8')).sourceApiVersion).toBe('62.0')
  })

  test('fields and objects that Apex names exist', () => {
    const known = new Set([...fields.map(({ name }) => name), 'Stepwell_Record_Changed__e', 'Stepwell_Undelivered__c', 'Stepwell_Webhook__c'])
    const named = apex.flatMap((file) => fs.readFileSync(file, 'utf8').match(/\b\w+__[ce]\b/g) || [])
    expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([])
  })

  test('no secret stands in the package, the published example of a signature aside', () => {
    const published = /whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw|MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw|g0hM9SsE\+OTPJTGt\/tmIKtSyZlE3uFJELVlNIOLJ1OE=/g
    for (const file of files) {
      const text = fs.readFileSync(file, 'utf8')
      expect(file.endsWith('Test.cls') ? text.replace(published, '') : text).not.toMatch(SECRET)
    }
    expect('key: MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw').toMatch(SECRET)
  })

  const literals = (file, method) => {
    const text = fs.readFileSync(path.join(PACKAGE, 'force-app/main/default/classes', file), 'utf8')
    return [...text.split(`void ${method}() {`)[1].split('\n    }')[0].matchAll(/'([^']*)'/g)].map(([, literal]) => literal)
  }

  test('the signature that the Apex test expects is right', () => {
    const [expected, id, time, body, key] = literals('StepwellSignatureTest.cls', 'itIsThePublishedExampleOfStandardWebhooks')
    expect(expected).toBe(signatureOf(id, time, body, key))
  })

  test('the webhook that tests play without an org has the body that the Apex test expects', () => {
    const parts = literals('StepwellWebhookTest.cls', 'theBodyNamesTheRecordAndHoldsNothingOfIt')
    const [recordId, change] = parts.slice(-2)
    const [first, second, third, fourth, fifth] = parts
    const expected = `${first}ORG${second}${third}ORG${fourth}${fifth}`
    expect(bodyOf({
      organizationId: 'ORG', messageId: `${recordId}-${change}-request`, object: 'Opportunity', change, recordId, occurredAt: '2026-11-20T16:42:07Z',
    })).toBe(expected)
  })
})
