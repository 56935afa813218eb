-- Take the due entries, the longest due first: each is due again after a while, and nobody else
-- gets it meanwhile. A function, so that a relay plans it once and not with every notification.
CREATE OR REPLACE FUNCTION rig_take_outbox(p_most integer, p_repeat_seconds double precision)
RETURNS TABLE (id bigint, kind text, task text, queue text, args jsonb, stream text,
               attempts integer, again boolean)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT o.id FROM outbox AS o
         WHERE o.done_at IS NULL AND o.dead_at IS NULL AND o.available_at <= clock_timestamp()
         ORDER BY o.available_at, o.id LIMIT p_most
           FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox AS o
       SET available_at = clock_timestamp() + make_interval(secs => p_repeat_seconds)
      FROM due WHERE o.id = due.id
    RETURNING o.id, o.kind, o.task, o.queue, o.args, o.stream, o.attempts,
              o.published_at IS NOT NULL;
END
$$;
