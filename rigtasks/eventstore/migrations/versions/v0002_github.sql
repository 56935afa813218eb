CREATE TABLE rate_windows (
    identity text NOT NULL,
    scope text NOT NULL,
    closed_until timestamp with time zone NOT NULL,
    CONSTRAINT rate_windows_pkey PRIMARY KEY (identity, scope)
);

CREATE TABLE rate_budgets (
    identity text PRIMARY KEY,
    points double precision NOT NULL DEFAULT 0,
    counted_at timestamp with time zone,
    written_at timestamp with time zone,
    pauses integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE lost_deliveries (
    guid text PRIMARY KEY,
    attempt_id bigint NOT NULL,
    event text NOT NULL,
    asked_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX lost_deliveries_asked ON lost_deliveries (asked_at);
