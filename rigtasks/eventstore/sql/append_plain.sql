-- Append events to a stream that is no issue's: the rig's, an agent's, the memory's. They have no
-- projections, so the append lock alone orders the writers.
--
-- status: appended | repeated | event_id_reused | version_conflict
CREATE OR REPLACE FUNCTION rig_append_plain(
    p_stream text,
    p_expected integer,
    p_events json,
    p_outbox json,
    OUT status text,
    OUT version integer,
    OUT first_position bigint,
    OUT recorded_at timestamptz
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(7471);
    SELECT e.version INTO version
      FROM events AS e WHERE e.stream = p_stream ORDER BY e.version DESC LIMIT 1;
    IF coalesce(version, 0) <> p_expected THEN
        SELECT r.* INTO status, version, first_position, recorded_at
          FROM rig_why_not_appended(p_stream, p_expected, p_events) AS r;
        RETURN;
    END IF;
    recorded_at := clock_timestamp();
    version := p_expected + json_array_length(p_events);
    first_position := nextval('event_position');
    INSERT INTO events (position, stream, version, type, schema_version, event_id, data,
                        actor_kind, actor_id, correlation_id, causation_id, recorded_at)
    SELECT CASE e.version WHEN 1 THEN first_position ELSE nextval('event_position') END,
           p_stream, p_expected + e.version, e.type, e.schema_version, e.event_id, e.data,
           e.actor_kind, e.actor_id, e.correlation_id, e.causation_id,
           rig_append_plain.recorded_at
      FROM json_populate_recordset(NULL::events, p_events) AS e;
    IF p_outbox IS NOT NULL THEN
        PERFORM rig_put_outbox(p_stream, p_outbox);
    END IF;
    status := 'appended';
END
$$;
