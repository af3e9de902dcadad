'use strict'
// The SDF project: objects that are complete, that name what there is, and a role with what the workflows need and nothing more.

const fs = require('node:fs')
const path = require('node:path')
const { read, all, value, filesIn } = require('../../tests/xml')
const { SECRET } = require('../../tests/secret')
const { complaints } = require('./objects')
const fields = require('SuiteScripts/stepwell/stepwell_fields')
const outbox = require('SuiteScripts/stepwell/stepwell_outbox')

const PROJECT = path.join(__dirname, '../src')
const WORKFLOWS = path.join(__dirname, '../../../workflows')
const objects = fs.readdirSync(path.join(PROJECT, 'Objects')).sort()
const object = (name) => read(path.join(PROJECT, 'Objects', `${name}.xml`))
const scripts = filesIn(path.join(PROJECT, 'FileCabinet'))

/** Permissions as Oracle's list of them has them, which these roles may use. */
const PERMISSIONS = [
  'ADMI_ACCOUNTINGLIST', 'ADMI_DELETEDRECORD', 'ADMI_LOGIN_OAUTH2', 'ADMI_RESTWEBSERVICES', 'LIST_CONTACT', 'LIST_CURRENCY', 'LIST_CUSTJOB', 'LIST_ITEM',
  'LIST_SUBSIDIARY', 'REPO_ANALYTICS', 'TRAN_CUSTINVC', 'TRAN_FIND', 'TRAN_ITEMSHIP', 'TRAN_SALESORD',
]

describe('objects', () => {
  test.each(objects)('%s has only what its object has, and is named by its id', (file) => {
    const root = object(path.basename(file, '.xml'))
    expect(root.attributes.scriptid).toBe(path.basename(file, '.xml'))
    expect(complaints(root)).toEqual([])
  })

  test('a mistake in an object is found', () => {
    const role = object('customrole_stepwell_outbox')
    role.children.push({ name: 'centre', text: 'x', children: [], attributes: {} })
    all(role, 'permlevel')[0].text = 'ALL'
    expect(complaints(role)).toEqual([
      'role.permissions.permission.permlevel: ALL is not taken', 'role.centre: role has no such element',
    ])
  })

  test('what objects refer to is there', () => {
    const ids = new Set(objects.map((file) => path.basename(file, '.xml')))
    for (const file of objects) {
      const text = fs.readFileSync(path.join(PROJECT, 'Objects', file), 'utf8')
      expect([...text.matchAll(/\[scriptid=(\w+)\]/g)].map(([, id]) => id).filter((id) => !ids.has(id))).toEqual([])
      for (const [, script] of text.matchAll(/\[(\/SuiteScripts\/[^\]]+)\]/g)) {
        expect(fs.existsSync(path.join(PROJECT, 'FileCabinet', script))).toBe(true)
      }
    }
  })

  test('each script says what it is, and its object is of that kind', () => {
    const kindOf = (name) => fs.readFileSync(path.join(PROJECT, 'FileCabinet', name), 'utf8').match(/@NScriptType (\w+)/)[1]
    for (const [id, kind] of [['customscript_stepwell_outbox_ue', 'UserEventScript'], ['customscript_stepwell_send_mr', 'MapReduceScript']]) {
      expect(kindOf(value(object(id), 'scriptfile').slice(1, -1))).toBe(kind)
    }
    expect(scripts.filter((file) => !/@NApiVersion 2\.1\n/.test(fs.readFileSync(file, 'utf8')))).toEqual([])
  })

  test('the project deploys all files and objects, and names the features that it needs', () => {
    const deploy = read(path.join(PROJECT, 'deploy.xml'))
    expect(all(deploy, 'path').map(({ text }) => text)).toEqual(['~/FileCabinet/SuiteScripts/stepwell/*', '~/Objects/*'])
    const manifest = read(path.join(PROJECT, 'manifest.xml'))
    expect(manifest.attributes.projecttype).toBe('ACCOUNTCUSTOMIZATION')
    const features = Object.fromEntries(all(manifest, 'feature').map(({ text, attributes }) => [text, attributes.required]))
    expect(features).toEqual({ SERVERSIDESCRIPTING: 'true', CUSTOMRECORDS: 'true', INVENTORY: 'false', ASSEMBLIES: 'false' })
  })
})

describe('scripts and objects agree', () => {
  test('the outbox has the fields that the scripts write', () => {
    const made = all(object(outbox.TYPE), 'customrecordcustomfield').map(({ attributes }) => attributes.scriptid)
    expect(made.sort()).toEqual(Object.values(outbox.FIELD).sort())
  })

  test('the user event is deployed for every type of record that the hub looks at, for all roles, events and contexts', () => {
    const deployments = all(object('customscript_stepwell_outbox_ue'), 'scriptdeployment')
    expect(deployments.map((one) => value(one, 'recordtype').toLowerCase()).sort()).toEqual([...fields.types].sort())
    for (const one of deployments) {
      expect([value(one, 'status'), value(one, 'isdeployed'), value(one, 'allroles'), value(one, 'eventtype')]).toEqual(['RELEASED', 'T', 'T', ''])
      expect(value(one, 'executioncontext').split('|')).toEqual(
        expect.arrayContaining(['USERINTERFACE', 'RESTWEBSERVICES', 'WEBSERVICES', 'CSVIMPORT', 'WORKFLOW', 'MAPREDUCE', 'SCHEDULED', 'CUSTOMMASSUPDATE']),
      )
      expect(value(one, 'runasrole')).toBe('[scriptid=customrole_stepwell_outbox]')
    }
    const ids = deployments.map(({ attributes }) => attributes.scriptid)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('the sender has a schedule and a deployment for at once, with the same parameters, which are those that the script reads', () => {
    const sender = object('customscript_stepwell_send_mr')
    const text = fs.readFileSync(path.join(PROJECT, 'FileCabinet/SuiteScripts/stepwell/stepwell_send_mr.js'), 'utf8')
    const reads = [...text.matchAll(/parameter\('(\w+)'\)/g)].map(([, name]) => `custscript_stepwell_${name}`).sort()
    expect(all(sender, 'scriptcustomfield').map(({ attributes }) => attributes.scriptid).sort()).toEqual(reads)
    const valuesOf = (one) => one.children.filter(({ name }) => name.startsWith('custscript_')).map(({ name, text: set }) => [name, set])
    const [scheduled, now] = all(sender, 'scriptdeployment')
    expect(valuesOf(scheduled)).toEqual(valuesOf(now))
    expect(valuesOf(scheduled).map(([name]) => name).sort()).toEqual(reads)
    expect([value(scheduled, 'status'), value(now, 'status')]).toEqual(['SCHEDULED', 'NOTSCHEDULED'])
    expect(now.attributes.scriptid).toBe('customdeploy_stepwell_send_now')
    // Without an account nothing is sent: the administrator who deploys this must say where it is.
    expect(Object.fromEntries(valuesOf(scheduled)).custscript_stepwell_account).toBe('')
  })

  test('no secret stands in the project', () => {
    for (const file of filesIn(PROJECT)) {
      const text = fs.readFileSync(file, 'utf8')
      expect(text).not.toMatch(SECRET)
    }
  })
})

describe('the role of the hub', () => {
  const granted = Object.fromEntries(all(object('customrole_stepwell_hub'), 'permission').map((one) => [value(one, 'permkey'), value(one, 'permlevel')]))
  const workflows = filesIn(WORKFLOWS).filter((file) => file.endsWith('.yaml') && !file.endsWith('.scenarios.yaml')).map((file) => fs.readFileSync(file, 'utf8'))

  test('has what its calls need, and nothing else', () => {
    expect(Object.keys(granted).sort()).toEqual(PERMISSIONS)
    expect(granted).toMatchObject({
      ADMI_RESTWEBSERVICES: 'FULL', ADMI_LOGIN_OAUTH2: 'FULL', REPO_ANALYTICS: 'EDIT', ADMI_DELETEDRECORD: 'VIEW', LIST_CUSTJOB: 'EDIT',
      LIST_CONTACT: 'EDIT', LIST_ITEM: 'EDIT', TRAN_SALESORD: 'EDIT', TRAN_FIND: 'VIEW', TRAN_CUSTINVC: 'VIEW', TRAN_ITEMSHIP: 'VIEW',
    })
  })

  test('may query every table that the workflows query', () => {
    const NEEDS = {
      customer: 'LIST_CUSTJOB', contact: 'LIST_CONTACT', item: 'LIST_ITEM', transaction: 'TRAN_FIND', transactionline: 'TRAN_FIND', currency: 'LIST_CURRENCY',
      pricing: 'LIST_ITEM', itemquantity: 'LIST_ITEM', deletedrecord: 'ADMI_DELETEDRECORD', subsidiary: 'LIST_SUBSIDIARY', term: 'ADMI_ACCOUNTINGLIST',
      // A list without a permission of its own: anyone who may query can read it.
      country: 'REPO_ANALYTICS',
    }
    const queries = workflows.flatMap((text) => text.match(/call: netsuite\.suiteql(All)?\n[\s\S]*?(?=\n {2}- \w|\noutput:)/g) || [])
    const tables = new Set(queries.flatMap((query) => [...query.matchAll(/\b(?:from|join) ([a-z]+)\b/g)].map(([, table]) => table)))
    expect(tables.size).toBeGreaterThan(4)
    expect([...tables].filter((table) => !granted[NEEDS[table]])).toEqual([])
  })

  test('may edit every type of record that the workflows write', () => {
    const NEEDS = { customer: 'LIST_CUSTJOB', contact: 'LIST_CONTACT', salesOrder: 'TRAN_SALESORD' }
    const types = new Set(workflows.flatMap((text) => [...text.matchAll(/record\/v1\/(customer|salesOrder|contact)\b|type: (customer|contact|salesOrder)\b/g)].map(([, a, b]) => a || b)))
    expect([...types].sort()).toEqual(['contact', 'customer', 'salesOrder'])
    expect([...types].filter((type) => granted[NEEDS[type]] !== 'EDIT')).toEqual([])
  })
})
