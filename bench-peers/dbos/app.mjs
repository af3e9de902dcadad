// DBOS's side of `make bench-peers`: the three-call saga and the no-op as workflows, behind Node's own HTTP server, the cheapest there is.
import { createServer } from 'node:http';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { call } from '../call.mjs';

const step = (n) => DBOS.runStep(() => call(n, DBOS.workflowID), { name: `call${n}`, retriesAllowed: true });

const workflows = {
  calls: DBOS.registerWorkflow(
    async (_input) => {
      await step(1);
      await step(2);
      return await step(3);
    },
    { name: 'calls' },
  ),
  noop: DBOS.registerWorkflow(async ({ n }) => ({ n }), { name: 'noop' }),
};

DBOS.setConfig({
  name: 'bench-peers',
  systemDatabaseUrl: process.env.DATABASE_URL,
  systemDatabasePoolSize: Number(process.env.POOL_SIZE),
  logLevel: 'warn',
});
await DBOS.launch();

/** `POST /NAME/send` answers once the workflow is durable, `POST /NAME` once it has ended. */
async function answer(request, response) {
  const [, name, send] = request.url.split('/');
  let body = '';
  for await (const chunk of request) body += chunk;
  const handle = await DBOS.startWorkflow(workflows[name])(JSON.parse(body));
  const [status, result] = send ? [202, { id: handle.workflowID }] : [200, await handle.getResult()];
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(result));
}

createServer((request, response) => {
  answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
}).listen(Number(process.env.PORT), '127.0.0.1');
