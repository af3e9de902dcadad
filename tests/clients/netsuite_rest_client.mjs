// netsuite-rest against the sandbox ERP, with token-based authentication.
import NetsuiteRest from 'netsuite-rest';
import { BASE, done, holds, refused, same } from './checks.mjs';

const api = new NetsuiteRest({
  consumer_key: 'ck',
  consumer_secret_key: 'cs',
  token: 't',
  token_secret: 'ts',
  realm: '1234567_SB1',
  base_url: `${BASE}/erp`,
});
const json = { 'content-type': 'application/json' };
const send = (method, path, body) => api.request({ method, path, body: JSON.stringify(body), heads: json });

const customer = { companyName: 'Söhne GmbH', subsidiary: { id: '2' } };
const made = await send('POST', 'record/v1/customer', customer);
same('a create', made.statusCode, 204);
// On newer versions of Node.js the client loses `headers`, but keeps the raw headers.
const id = made.rawHeaders[made.rawHeaders.findIndex((name) => name.toLowerCase() === 'location') + 1].split('/').pop();
same('a record', (await api.request({ path: `record/v1/customer/${id}` })).data.companyName, 'Söhne GmbH');
same('an update', (await send('PATCH', `record/v1/customer/${id}`, { phone: '+49 30 1' })).statusCode, 204);
for (const companyName of ['First', 'Second']) {
  same('an upsert', (await send('PUT', 'record/v1/customer/eid:js-1', { ...customer, companyName })).statusCode, 204);
}
const read = await api.request({ path: 'record/v1/customer/eid:js-1' });
same('what it made and changed', read.data.companyName, 'Second');
for (let n = 0; n < 15; n += 1) await send('PUT', `record/v1/customer/eid:page-${n}`, { ...customer, companyName: `Page ${n}` });
const question = { q: "SELECT id, companyname FROM customer WHERE companyname LIKE 'Page%' ORDER BY id" };
const first = (await send('POST', 'query/v1/suiteql?limit=10&offset=0', question)).data;
const second = (await send('POST', 'query/v1/suiteql?limit=10&offset=10', question)).data;
same('pages', [first.count, first.hasMore, second.count, second.hasMore], [10, true, 5, false]);
const rows = [...first.items, ...second.items];
same('all of them', new Set(rows.map((row) => row.id)).size, 15);
same('a delete', (await api.request({ method: 'DELETE', path: `record/v1/customer/${id}` })).statusCode, 204);
const gone = await refused('a record that is gone', api.request({ path: `record/v1/customer/${id}` }));
same('its status', gone.response.statusCode, 404);
holds('its code', gone.response.body.includes('NONEXISTENT_ID'), gone.response.body);
const bad = await refused('a field that is missing', send('POST', 'record/v1/customer', { phone: '1' }));
same('its status', bad.response.statusCode, 400);
done('netsuite-rest');
