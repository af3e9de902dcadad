'use strict'
// Puts an account behind Oracle's stubs of the N/ modules. What the stubs do not have, scripts may not use: a function or an enumeration that
// NetSuite does not know fails the test.

function install(account) {
  for (const [name, implementation] of Object.entries(account.modules())) {
    const stub = require(name)
    for (const [member, value] of Object.entries(implementation)) {
      if (!(member in stub)) throw new Error(`${name} has no ${member}`)
      if (typeof value === 'function') {
        jest.spyOn(stub, member).mockImplementation(value)
      } else if (typeof value === 'object') {
        expect(stub[member]).toMatchObject(value)
      } else {
        stub[member] = value
      }
    }
  }
  return account
}

module.exports = { install }
