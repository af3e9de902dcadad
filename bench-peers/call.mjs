// The call that each step of the peers' sagas makes; stepwell/calls.yaml has Stepwell's. It uses Node's own HTTP client with connections that
// stay open: `fetch` takes twice the processor time.
import { Agent, request } from 'node:http';

const target = process.env.TARGET;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export function call(step, id) {
  const body = JSON.stringify({ id, step });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const answered = (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`call ${step} was answered ${response.statusCode}`));
      });
    };
    request(`${target}/${step}`, { method: 'POST', agent, headers }, answered).on('error', reject).end(body);
  });
}
