'use strict'
// Reads the XML of both packages. Well-formed or an error with file and line; each element as {name, attributes, children, text}.

const fs = require('node:fs')
const path = require('node:path')
const { XMLParser, XMLValidator } = require('fast-xml-parser')

const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false, trimValues: true })

function elementsOf(nodes) {
  return nodes.filter((node) => !('#text' in node)).map((node) => {
    const [name] = Object.keys(node).filter((key) => key !== ':@')
    const content = node[name]
    const text = content.filter((child) => '#text' in child).map((child) => child['#text']).join('')
    return { name, attributes: node[':@'] || {}, children: elementsOf(content), text }
  })
}

/** The root element of a file. */
function read(file) {
  const text = fs.readFileSync(file, 'utf8')
  const valid = XMLValidator.validate(text)
  if (valid !== true) throw new Error(`${file}:${valid.err.line}: ${valid.err.msg}`)
  const roots = elementsOf(parser.parse(text)).filter(({ name }) => !name.startsWith('?'))
  if (roots.length !== 1) throw new Error(`${file}: ${roots.length} root elements`)
  return roots[0]
}

/** All elements of that name below an element. */
function all(element, name) {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)])
}

/** The text of the one child of that name; undefined if there is none. */
function value(element, name) {
  const found = element.children.filter((child) => child.name === name)
  if (found.length > 1) throw new Error(`${element.name} has ${found.length} ${name}`)
  return found[0] && found[0].text
}

/** All files below a folder. */
function filesIn(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    return entry.isDirectory() ? filesIn(file) : [file]
  })
}

module.exports = { read, all, value, filesIn }
