'use strict'
// Loads the scripts of this package without NetSuite: a `define` that looks up N/ modules in `modules` and the package's own beside the file.

const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')

const SCRIPTS = path.join(__dirname, '../src/FileCabinet/SuiteScripts/stepwell')

function loader(modules) {
  const loaded = new Map()
  const load = (name) => {
    if (name.startsWith('N/')) {
      if (!modules[name]) throw new Error(`no module ${name}`)
      return modules[name]
    }
    const file = path.join(SCRIPTS, `${path.basename(name, '.js')}.js`)
    if (!loaded.has(file)) {
      let exported
      const define = (names, factory) => { exported = factory(...names.map(load)) }
      vm.runInThisContext(`(function (define) {${fs.readFileSync(file, 'utf8')}\n})`, { filename: file })(define)
      loaded.set(file, exported)
    }
    return loaded.get(file)
  }
  return load
}

module.exports = { loader, SCRIPTS }
