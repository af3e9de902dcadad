-- Nothing is cut off at a bound, and nothing holds up what it has nothing to do with.

-- An event finds all runs that wait for it, a page at a time.
create index listeners_by_key on listeners (event_type, kind, key, run_id, execution, filter);
drop index listeners_by_event;

-- Each sink has a queue of its own. The hub itself is the one without a name.
create index outgoing_by_sink on outgoing (coalesce(sink, ''), due_at);
