// The Postgres server that scripts/with-postgres.sh started, shared by the systems that use one: each gets a new database.
import { dirname } from 'node:path';
import pg from 'pg';
import { parentOf } from './process.mjs';

export async function connectPostgres(url) {
  const admin = new pg.Client(url);
  await admin.connect();
  const one = async (text) => Object.values((await admin.query(text)).rows[0])[0];
  const pid = parentOf(await one('select pg_backend_pid()'));
  return {
    pid,
    /** The folder that goes with the server. */
    home: dirname(await one('show data_directory')),
    version: await one('show server_version'),
    setting: (name) => one(`show ${name}`),
    walBytes: async () => Number(await one(`select pg_current_wal_insert_lsn() - '0/0'`)),
    async createDatabase(name) {
      await admin.query(`drop database if exists ${name} with (force)`);
      await admin.query(`create database ${name}`);
      // Everyone begins right after a checkpoint, so that each pays for the same full-page writes.
      await admin.query('checkpoint');
      const own = new URL(url);
      own.pathname = `/${name}`;
      return own.href;
    },
    dropDatabase: (name) => admin.query(`drop database if exists ${name} with (force)`),
    close: () => admin.end(),
  };
}
