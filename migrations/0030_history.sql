-- Runs that go on as new: a record of kind `run.continued` holds all that counts of a run, so folding its journal may begin there.
--
-- Format 3: a row with such a record. What is shown of it stays the same.
alter table runs add column if not exists base integer;
comment on column runs.base is 'the record of kind run.continued from which folding its journal begins; null: the first record';
