// jsforce against the sandbox CRM.
import jsforce from 'jsforce';
import { BASE, done, holds, refused, same } from './checks.mjs';

const CRM = `${BASE}/crm`;
const version = '62.0';

async function login() {
  const connection = new jsforce.Connection({
    version,
    oauth2: { loginUrl: CRM, clientId: 'us', clientSecret: 'secret' },
  });
  const user = await connection.authorize({ grant_type: 'client_credentials' });
  holds('a token by client credentials', connection.accessToken.startsWith('00D'), connection.accessToken);
  same('where it calls', connection.instanceUrl, CRM);
  holds('who it is', user.id.startsWith('005') && user.organizationId.startsWith('00D'), user);
  const stranger = new jsforce.Connection({ instanceUrl: CRM, accessToken: 'nobody', version });
  const error = await refused('a session that is none', stranger.query('SELECT Id FROM Account'));
  same('its code', error.errorCode, 'INVALID_SESSION_ID');
  const identity = await connection.identity();
  same('the identity', identity.user_id, user.id);
  return connection;
}

async function records(connection) {
  const Account = connection.sobject('Account');
  const made = await Account.create({ Name: "Ö & Söhne 'GmbH'", Legacy_Id__c: 'js-1' });
  same('what a create answers', [made.success, made.errors], [true, []]);
  same('a record by id', (await Account.retrieve(made.id)).Name, "Ö & Söhne 'GmbH'");
  const updated = await Account.update({ Id: made.id, Phone: '+49 30 1' });
  same('an update', updated, { id: made.id, success: true, errors: [] });
  const changed = await Account.upsert({ Name: 'Renamed', Legacy_Id__c: 'js-1' }, 'Legacy_Id__c');
  same('an upsert that changes', [changed.success, changed.id], [true, made.id]);
  const second = await Account.upsert({ Name: 'Second', Legacy_Id__c: 'js-2' }, 'Legacy_Id__c');
  holds('an upsert that makes one', second.success && second.id !== made.id, second);
  const found = await Account.find({ Legacy_Id__c: ['js-1', 'js-2'] }, ['Id', 'Name']).sort('Name').execute();
  same('what is found', found.map((record) => record.Name), ['Renamed', 'Second']);
  const one = await Account.findOne({ Legacy_Id__c: 'js-2' });
  same('one of them', [one.Id, one.Name], [second.id, 'Second']);
  same('how many there are', await Account.count({ Legacy_Id__c: { $like: 'js-%' } }), 2);
  const removed = await Account.destroy([made.id, second.id]);
  holds('deletes', removed.every((result) => result.success), removed);
  const gone = await refused('a record that is gone', Account.retrieve(made.id));
  holds('its code', ['NOT_FOUND', 'ENTITY_IS_DELETED'].includes(gone.errorCode), gone.errorCode);
}

async function collections(connection) {
  const Contact = connection.sobject('Contact');
  const rows = Array.from({ length: 450 }, (_, n) => ({ LastName: `Page ${n}`, Department: 'pages' }));
  const made = await Contact.create(rows, { allowRecursive: true });
  holds('a collection of 450', made.length === 450 && made.every((result) => result.success), made.length);
  const ids = made.map((result) => result.id);
  const read = await Contact.retrieve(ids.slice(0, 3));
  same('several records', read.map((record) => record.LastName), ['Page 0', 'Page 1', 'Page 2']);
  const changed = await Contact.update(ids.slice(0, 2).map((Id) => ({ Id, Title: 'Dr.' })));
  holds('an update of two', changed.length === 2 && changed.every((result) => result.success), changed);
  const mixed = await Contact.create([{ LastName: 'Good' }, { FirstName: 'Bad' }]);
  same('one of two', [mixed[0].success, mixed[1].success], [true, false]);
  const failure = mixed[1].errors[0];
  same('why', [failure.statusCode ?? failure.errorCode, failure.fields], ['REQUIRED_FIELD_MISSING', ['LastName']]);
  const keyed = [{ Name: 'Up 1', Legacy_Id__c: 'up-1' }, { Name: 'Up 2', Legacy_Id__c: 'up-2' }];
  const upserted = await connection.sobject('Account').upsert(keyed, 'Legacy_Id__c');
  holds('an upsert of two', upserted.every((result) => result.success), upserted);
  return ids;
}

async function pages(connection) {
  const question = "SELECT Id, LastName, Account.Name FROM Contact WHERE Department = 'pages' ORDER BY LastName";
  const headers = { 'Sforce-Query-Options': 'batchSize=200' };
  const first = await connection.query(question, { headers });
  same('the first page', [first.totalSize, first.done, first.records.length], [450, false, 200]);
  const second = await connection.queryMore(first.nextRecordsUrl, { headers });
  same('the second page', [second.done, second.records.length], [false, 200]);
  const all = await connection.query(question, { autoFetch: true, maxFetch: 1000, headers });
  same('all pages', new Set(all.records.map((record) => record.Id)).size, 450);
  let streamed = 0;
  for await (const _ of connection.query(question).stream('record')) streamed += 1;
  same('all, streamed', streamed, 450);
}

async function about(connection) {
  const objects = (await connection.describeGlobal()).sobjects.map((one) => one.name);
  holds('the objects', ['Account', 'Contact', 'Product2'].every((name) => objects.includes(name)), objects);
  const account = await connection.sobject('Account').describe();
  const key = account.fields.find((field) => field.name === 'NetSuite_Id__c');
  same('a key', [key.externalId, key.unique, key.type], [true, true, 'string']);
  const limits = await connection.limits();
  holds('the limits', limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max, limits.DailyApiRequests);
  holds('the usage', connection.limitInfo.apiUsage.used > 0, connection.limitInfo);
  const versions = await connection.request('/services/data');
  holds('the versions', versions.some((one) => one.version === version), versions);
  const now = Date.now();
  const minute = 60_000;
  const updated = await connection.sobject('Contact').updated(new Date(now - 5 * minute), new Date(now + minute));
  holds('what was updated', updated.ids.length >= 450, updated.ids.length);
  const deleted = await connection.sobject('Account').deleted(new Date(now - 5 * minute), new Date(now + minute));
  holds('what was deleted', deleted.deletedRecords.length >= 2, deleted);
}

async function composite(connection) {
  const body = {
    allOrNone: true,
    compositeRequest: [
      { method: 'POST', url: `/services/data/v${version}/sobjects/Account`, referenceId: 'a', body: { Name: 'Composite' } },
      { method: 'POST', url: `/services/data/v${version}/sobjects/Contact`, referenceId: 'c', body: { LastName: 'C', AccountId: '@{a.id}' } },
    ],
  };
  const answer = await connection.requestPost(`/services/data/v${version}/composite`, body);
  same('a composite', answer.compositeResponse.map((one) => one.httpStatusCode), [201, 201]);
}

async function errors(connection) {
  const cases = [
    ['a field that is missing', () => connection.sobject('Contact').create({ FirstName: 'Ada' }), 'REQUIRED_FIELD_MISSING'],
    ['a field that is none', () => connection.sobject('Account').create({ Name: 'x', Nope__c: 1 }), 'INVALID_FIELD'],
    ['a query that is none', () => connection.query('SELECT FROM Account'), 'MALFORMED_QUERY'],
    ['an object that is none', () => connection.sobject('Nothing').describe(), 'NOT_FOUND'],
    ['a column that is none', () => connection.query('SELECT Nope FROM Account'), 'INVALID_FIELD'],
  ];
  for (const [what, call, code] of cases) same(what, (await refused(what, call())).errorCode, code);
}

async function bulk(connection, ids) {
  const rows = Array.from({ length: 300 }, (_, n) => ({ Name: `Bulk ${n}`, Legacy_Id__c: `bulk-${n}` }));
  connection.bulk2.pollInterval = 50;
  const inserted = await connection.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'insert', input: rows });
  same('a bulk insert', [inserted.successfulResults.length, inserted.failedResults.length], [300, 0]);
  const upsert = { object: 'Account', operation: 'upsert', externalIdFieldName: 'Legacy_Id__c' };
  const input = [{ Name: 'Again', Legacy_Id__c: 'bulk-0' }, { Name: '', Legacy_Id__c: 'bulk-bad' }];
  const upserted = await connection.bulk2.loadAndWaitForResults({ ...upsert, input });
  same('a bulk upsert', [upserted.successfulResults.length, upserted.failedResults.length], [1, 1]);
  holds('its failure', upserted.failedResults[0].sf__Error.startsWith('REQUIRED_FIELD_MISSING'), upserted.failedResults);
  const stream = await connection.bulk2.query("SELECT Id, Name FROM Account WHERE Legacy_Id__c LIKE 'bulk-%'");
  const found = await stream.toArray();
  same('a bulk query', found.length, 300);
  const deleted = await connection.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'delete', input: ids.map((Id) => ({ Id })) });
  same('a bulk delete', [deleted.successfulResults.length, deleted.failedResults.length], [450, 0]);
}

const connection = await login();
await records(connection);
const ids = await collections(connection);
await pages(connection);
await about(connection);
await composite(connection);
await errors(connection);
await bulk(connection, ids);
done('jsforce');
