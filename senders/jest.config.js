'use strict'
const { build, ProjectType } = require('@oracle/suitecloud-unit-testing/jest-configuration/SuiteCloudJestConfiguration')

module.exports = {
  ...build({ projectFolder: 'netsuite/src', projectType: ProjectType.ACP }),
  testMatch: ['**/tests/*.test.js'],
}
