'use strict'
// What looks like a secret: a key of a webhook, a private key, or a long random text.

const SECRET = /whsec_[A-Za-z0-9+/=]{8}|-----BEGIN|(?<![\w/])(?=[A-Za-z+]*\d)[A-Za-z0-9+]{28,}={0,2}(?![\w/])/

module.exports = { SECRET }
