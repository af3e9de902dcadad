'use strict'
// The webhook that the package's Apex sends, byte for byte, for tests without an org. `StepwellMessage.body` and `StepwellSignature.sign` are
// the originals; metadata.test.js holds this to what their Apex tests expect.

const crypto = require('node:crypto')

const idOf = ({ organizationId, messageId }) => `sf-${organizationId}-${messageId}`

function bodyOf(message) {
  const { organizationId, object, change, recordId, occurredAt } = message
  return JSON.stringify({
    eventId: idOf(message),
    eventType: `${object.toLowerCase()}.${change}`,
    occurredAt,
    organizationId,
    data: { attributes: { type: object }, Id: recordId },
  })
}

function signatureOf(id, timestamp, body, key) {
  const mac = crypto.createHmac('sha256', Buffer.from(key.replace(/^whsec_/, ''), 'base64')).update(`${id}.${timestamp}.${body}`)
  return `v1,${mac.digest('base64')}`
}

function requestOf(message, key, seconds) {
  const [id, body] = [idOf(message), bodyOf(message)]
  return {
    body,
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signatureOf(id, seconds, body, key),
    },
  }
}

module.exports = { bodyOf, signatureOf, requestOf }
