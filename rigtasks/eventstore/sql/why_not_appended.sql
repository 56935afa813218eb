-- Say why an append changed nothing: the same events are already stored, an id was used for
-- something else, the claim is no longer the writer's, or somebody else wrote first.
CREATE OR REPLACE FUNCTION rig_why_not_appended(
    p_stream text,
    p_expected integer,
    p_events json,
    OUT status text,
    OUT version integer,
    OUT first_position bigint,
    OUT recorded_at timestamptz
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    known integer;
    same integer;
BEGIN
    SELECT count(*),
           count(*) FILTER (WHERE e.stream = p_stream AND e.type = f.type
                             AND e.data::jsonb = f.data::jsonb),
           max(e.version), min(e.position), max(e.recorded_at)
      INTO known, same, version, first_position, recorded_at
      FROM json_populate_recordset(NULL::events, p_events) AS f
      JOIN events AS e ON e.event_id = f.event_id;
    IF known > 0 THEN
        status := CASE WHEN same = json_array_length(p_events) THEN 'repeated'
                       ELSE 'event_id_reused' END;
        RETURN;
    END IF;
    SELECT e.version INTO version
      FROM events AS e WHERE e.stream = p_stream ORDER BY e.version DESC LIMIT 1;
    version := coalesce(version, 0);
    status := CASE WHEN version = p_expected THEN 'stale_epoch' ELSE 'version_conflict' END;
END
$$;
