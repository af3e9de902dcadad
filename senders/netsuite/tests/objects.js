'use strict'
// What elements the objects of an SDF project have, by Oracle's reference of SDF's XML: for each object its elements, and what they hold.
// There is no public schema to check against. A name with `!` must be there.

const FLAG = /^[TF]$/
const TEXT = /./
const ANY = /^/
const SCRIPT_STATUS = /^(RELEASED|TESTING)$/
const TASK_STATUS = /^(SCHEDULED|NOTSCHEDULED|TESTING)$/
const LOG_LEVEL = /^(DEBUG|AUDIT|ERROR|EMERGENCY)$/
const LEVEL = /^(VIEW|CREATE|EDIT|FULL)$/
const FIELD_TYPE = /^(TEXT|CLOBTEXT|TEXTAREA|INTEGER|CHECKBOX)$/
const DISPLAY = /^(NORMAL|LOCKED|HIDDEN|DISABLED)$/
const DATE = /^\d{4}-\d\d-\d\d$/
const TIME = /^\d\d:\d\d:\d\dZ$/
const REPEAT = /^PT(15|30)M$|^PT\d+H$/
const FILE = /^\[\/SuiteScripts\/[\w/]+\.js\]$/
const REFERENCE = /^\[scriptid=\w+\]$/

const FIELD = { 'label!': TEXT, 'fieldtype!': FIELD_TYPE, help: TEXT, description: TEXT, displaytype: DISPLAY, storevalue: FLAG, showinlist: FLAG, maxlength: /^\d+$/ }
const SCRIPT = { 'name!': /^.{1,40}$/, 'scriptfile!': FILE, description: /^.{1,999}$/, isinactive: FLAG, notifyadmins: FLAG, notifyowner: FLAG }
const STARTS = { 'startdate!': DATE, 'starttime!': TIME, enddate: DATE, repeat: REPEAT }

const OBJECTS = {
  customrecordtype: {
    'recordname!': /^.{1,40}$/, description: TEXT, accesstype: /^(USEPERMISSIONLIST|CUSTRECORDENTRYPERM|NONENEEDED)$/, allowattachments: FLAG,
    allowinlineediting: FLAG, allowquickadd: FLAG, allowquicksearch: FLAG, enablesystemnotes: FLAG, includename: FLAG, showcreationdate: FLAG,
    showid: FLAG,
    customrecordcustomfields: { customrecordcustomfield: FIELD },
    permissions: { permission: { 'permittedrole!': /^ADMINISTRATOR$|^\[scriptid=\w+\]$/, 'permittedlevel!': LEVEL } },
  },
  itemcustomfield: {
    ...FIELD, appliestoinventory: FLAG, appliestoitemassembly: FLAG, appliestokit: FLAG, appliestononinventory: FLAG, appliestoservice: FLAG,
  },
  role: {
    'name!': TEXT, 'centertype!': /^BASIC$/, coreadminpermission: FLAG, isinactive: FLAG,
    permissions: { permission: { 'permkey!': /^(ADMI|LIST|REGT|REPO|TRAN)_[A-Z0-9_]+$|^\[scriptid=customrecord_\w+\]$/, 'permlevel!': LEVEL } },
  },
  usereventscript: {
    ...SCRIPT,
    scriptdeployments: {
      scriptdeployment: {
        'status!': SCRIPT_STATUS, 'recordtype!': /^[A-Z]+$/, allroles: FLAG, allemployees: FLAG, eventtype: ANY, executioncontext: /^[A-Z|]+$/,
        isdeployed: FLAG, loglevel: LOG_LEVEL, runasrole: REFERENCE,
      },
    },
  },
  mapreducescript: {
    ...SCRIPT,
    scriptcustomfields: { scriptcustomfield: FIELD },
    scriptdeployments: {
      // Values of the script's own fields stand here too, by their ids.
      scriptdeployment: {
        'status!': TASK_STATUS, 'title!': TEXT, isdeployed: FLAG, loglevel: LOG_LEVEL, buffersize: /^(1|2|4|8|16|32|64)$/, concurrencylimit: /^\d+$/,
        queueallstagesatonce: FLAG, yieldaftermins: /^\d+$/, 'custscript_*': ANY,
        'recurrence!': { daily: { ...STARTS, 'everyxdays!': /^\d+$/ }, single: STARTS },
      },
    },
  },
}

const LENGTHS = { customrecordcustomfield: 38, itemcustomfield: 38 }

function complaints(element, elements = OBJECTS[element.name], where = element.name) {
  if (!elements) return [`${where}: no such object`]
  const names = Object.keys(elements)
  const ruleOf = (name) => elements[name] || elements[`${name}!`] || (names.includes('custscript_*') && name.startsWith('custscript_') ? ANY : null)
  const found = element.children.flatMap((child) => {
    const rule = ruleOf(child.name)
    const place = `${where}.${child.name}`
    if (!rule) return [`${place}: ${element.name} has no such element`]
    if (rule instanceof RegExp) return child.children.length === 0 && rule.test(child.text) ? [] : [`${place}: ${child.text || '(empty)'} is not taken`]
    return complaints(child, rule, place)
  })
  const missing = names.filter((name) => name.endsWith('!') && !element.children.some((child) => child.name === name.slice(0, -1)))
  const { scriptid } = element.attributes
  const tooLong = scriptid && scriptid.length > (LENGTHS[element.name] || 40) ? [`${where}: ${scriptid} is too long`] : []
  return [...found, ...missing.map((name) => `${where}: ${name.slice(0, -1)} is missing`), ...tooLong]
}

module.exports = { complaints }
