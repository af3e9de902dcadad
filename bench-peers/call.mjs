// The call that each step of the peers' sagas makes; stepwell/calls.yaml has Stepwell's.
const target = process.env.TARGET;

export async function call(step, id) {
  const response = await fetch(`${target}/${step}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, step }),
  });
  if (!response.ok) throw new Error(`call ${step} was answered ${response.status}`);
  return await response.json();
}
