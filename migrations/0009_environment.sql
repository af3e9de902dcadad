-- Which environment this database belongs to: runs of sandbox and production never meet.

create table environment (
    one  boolean not null primary key default true check (one),
    name text    not null
);
