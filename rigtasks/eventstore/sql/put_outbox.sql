-- Add what has to be done next; an entry whose key is already there is the same work.
CREATE OR REPLACE FUNCTION rig_put_outbox(p_stream text, p_outbox json) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO outbox (kind, task, queue, args, stream, dedup_key, available_at)
    SELECT o.kind, o.task, o.queue, o.args, p_stream, o.dedup_key,
           clock_timestamp() + make_interval(secs => o.delay_seconds)
      FROM json_to_recordset(p_outbox) AS o (
           kind text, task text, queue text, args jsonb, dedup_key text,
           delay_seconds double precision)
     ORDER BY o.dedup_key
    ON CONFLICT (dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING;
END
$$;
