ALTER TABLE switches ADD COLUMN source text NOT NULL DEFAULT 'person';
ALTER TABLE switches ADD COLUMN until timestamp with time zone;
DROP INDEX switches_active;
CREATE UNIQUE INDEX switches_active ON switches (scope, source) WHERE lifted_at IS NULL;

ALTER TABLE leases
    ADD COLUMN progress_at timestamp with time zone NOT NULL DEFAULT clock_timestamp();

CREATE TABLE bot_acts (
    delivery_id text PRIMARY KEY,
    repo_id bigint NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX bot_acts_at ON bot_acts (at);

CREATE TABLE canaries (
    period_start timestamp with time zone PRIMARY KEY,
    repo_id bigint NOT NULL,
    number integer NOT NULL,
    filed_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamp with time zone,
    outcome text
);

-- The same procedure with one argument less; its successor is among the functions.
DROP PROCEDURE IF EXISTS rig_claim(
    text, text, text, text, text, uuid, uuid, double precision, integer, integer, integer,
    bigint[], text[]
);
