-- Write the rows of the other projections: runs that changed, their steps, their usage, and the
-- issue's dependencies where they were decided anew. A run's row is made by its claim.
CREATE OR REPLACE FUNCTION rig_put_records(p_records jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    written runs;
BEGIN
    FOR written IN SELECT * FROM jsonb_populate_recordset(NULL::runs, p_records -> 'runs') LOOP
        UPDATE runs AS r SET (
            ended_at, outcome, failure, reason, isolation, provider, model, base_sha, head_sha,
            artifact_id, ending, seconds, turns, input_uncached, cache_read, cache_write,
            output, cost_micro_usd, cost_unknown
        ) = ROW (
            written.ended_at, written.outcome, written.failure, written.reason,
            written.isolation, written.provider, written.model, written.base_sha,
            written.head_sha, written.artifact_id, written.ending, written.seconds,
            written.turns, written.input_uncached, written.cache_read, written.cache_write,
            written.output, written.cost_micro_usd, written.cost_unknown
        ) WHERE r.run_id = written.run_id;
    END LOOP;
    IF p_records ? 'steps' THEN
        INSERT INTO steps SELECT * FROM jsonb_populate_recordset(NULL::steps, p_records -> 'steps');
    END IF;
    IF p_records ? 'usage' THEN
        INSERT INTO usage SELECT * FROM jsonb_populate_recordset(NULL::usage, p_records -> 'usage');
    END IF;
    IF p_records ? 'depends_on' THEN
        DELETE FROM issue_dependencies AS d WHERE d.stream = p_records ->> 'stream';
        INSERT INTO issue_dependencies (stream, ref)
        SELECT p_records ->> 'stream', ref
          FROM jsonb_array_elements_text(p_records -> 'depends_on') AS ref
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;
