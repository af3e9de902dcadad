'use strict'
// What elements Salesforce's metadata types have, read from the vendor's own type declarations (@salesforce/types): for each type its elements
// with their kinds. An element that a type does not have, or text that its kind does not take, is a mistake.

const fs = require('node:fs')
const path = require('node:path')
const ts = require('typescript')

const FILE = path.join(__dirname, '../../node_modules/@salesforce/types/lib/metadata.d.ts')

function declarations() {
  const source = ts.createSourceFile(FILE, fs.readFileSync(FILE, 'utf8'), ts.ScriptTarget.ES2022, true)
  const types = new Map()
  source.forEachChild((node) => {
    if (ts.isTypeAliasDeclaration(node)) types.set(node.name.text, node.type)
    if (ts.isEnumDeclaration(node)) types.set(node.name.text, node)
  })
  return types
}

const TYPES = declarations()

/** {element: {optional, type}} of a type, those of the types that it extends included. */
function elementsOf(name) {
  const found = {}
  const visit = (type) => {
    if (!type) return
    if (ts.isIntersectionTypeNode(type)) type.types.forEach(visit)
    else if (ts.isTypeReferenceNode(type)) visit(TYPES.get(type.typeName.text))
    else if (ts.isTypeLiteralNode(type)) {
      for (const member of type.members) {
        found[member.name.text] = { optional: Boolean(member.questionToken) || ts.isArrayTypeNode(member.type), type: member.type }
      }
    }
  }
  visit(TYPES.get(name))
  return found
}

const isLiteral = (type) => ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal)

/** What is wrong with an element whose type is `type`: a list of complaints. */
function complaintsOfValue(element, type, where) {
  if (ts.isArrayTypeNode(type)) return complaintsOfValue(element, type.elementType, where)
  if (type.kind === ts.SyntaxKind.BooleanKeyword) return ['true', 'false'].includes(element.text) ? [] : [`${where}: ${element.text} is no boolean`]
  if (type.kind === ts.SyntaxKind.NumberKeyword) return /^-?\d+(\.\d+)?$/.test(element.text) ? [] : [`${where}: ${element.text} is no number`]
  if (type.kind === ts.SyntaxKind.StringKeyword) return element.children.length === 0 ? [] : [`${where}: has elements, and should be text`]
  if (ts.isUnionTypeNode(type)) {
    const values = type.types.filter(isLiteral).map(({ literal }) => literal.text)
    return values.length === 0 || values.includes(element.text) ? [] : [`${where}: ${element.text} is none of ${values.join(', ')}`]
  }
  if (ts.isTypeReferenceNode(type)) {
    const name = type.typeName.text
    const target = TYPES.get(name)
    if (target && (ts.isUnionTypeNode(target) || isLiteral(target))) return complaintsOfValue(element, target, where)
    return target ? complaints(element, name, where) : []
  }
  return []
}

/** What is wrong with an element as one of a type. */
function complaints(element, typeName = element.name, where = element.name) {
  if (!TYPES.has(typeName)) return [`${where}: no type ${typeName}`]
  const known = elementsOf(typeName)
  const unknown = element.children.filter(({ name }) => !known[name]).map(({ name }) => `${where}: ${typeName} has no ${name}`)
  const values = element.children.filter(({ name }) => known[name]).flatMap((child) => complaintsOfValue(child, known[child.name].type, `${where}.${child.name}`))
  const missing = Object.entries(known)
    .filter(([name, { optional }]) => !optional && name !== 'fullName' && !element.children.some((child) => child.name === name))
    .map(([name]) => `${where}: ${name} is missing`)
  return [...unknown, ...values, ...missing]
}

module.exports = { complaints, hasType: (name) => TYPES.has(name) }
