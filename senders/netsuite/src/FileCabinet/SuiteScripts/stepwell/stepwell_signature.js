/**
 * Signs as Standard Webhooks do: HMAC-SHA256 over `id.timestamp.body`. The key is an API secret of the account that only this script may
 * use. The script names it and never sees it.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/crypto', 'N/encode'],
  /**
   * @param {import('N/crypto')} crypto
   * @param {import('N/encode')} encode
   */
  (crypto, encode) => {
    const signature = (content, secret) => {
      const key = crypto.createSecretKey({ secret, encoding: encode.Encoding.BASE_64 })
      const hmac = crypto.createHmac({ algorithm: crypto.HashAlg.SHA256, key })
      hmac.update({ input: content, inputEncoding: encode.Encoding.UTF_8 })
      return hmac.digest({ outputEncoding: encode.Encoding.BASE_64 })
    }

    /** The headers of a message. `secret` is the script id of an API secret that holds what follows `whsec_`. */
    const headers = (id, seconds, body, secret) => ({
      'Content-Type': 'application/json; charset=utf-8',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature(`${id}.${seconds}.${body}`, secret)}`,
    })

    return { headers }
  })
