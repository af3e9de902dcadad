// Restate's side of `make bench-peers`: the three-call saga and the no-op as handlers of a service.
import * as restate from '@restatedev/restate-sdk';
import { call } from '../call.mjs';

const bench = restate.service({
  name: 'bench',
  handlers: {
    calls: async (ctx, _input) => {
      const { id } = ctx.request();
      await ctx.run('call1', () => call(1, id));
      await ctx.run('call2', () => call(2, id));
      return await ctx.run('call3', () => call(3, id));
    },
    noop: async (_ctx, { n }) => ({ n }),
  },
});

restate.serve({ services: [bench], port: Number(process.env.PORT) });
