-- Store a batch of deliveries and the task of each that has something to do, as one statement.
--
-- Returns the ids that were new. The others are known by their id or say what a stored delivery
-- already said; both indexes are covered by ON CONFLICT without a target. The caller sorts the
-- arrays by id, so that two receivers with the same deliveries cannot wait for each other.
WITH batch AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[],
                         $6::integer[], $7::text[], $8::text[], $9::bytea[], $10::text[],
                         $11::text[])
        AS b(delivery_id, event, action, repo_id, repo, number, semantic_key, headers, payload,
             status, outcome)
), stored AS (
    INSERT INTO deliveries (delivery_id, event, action, repo_id, repo, number, semantic_key,
                            headers, payload, status, outcome, outcome_at)
    SELECT delivery_id, event, action, repo_id, repo, number, semantic_key, headers::jsonb,
           payload, status, outcome, CASE WHEN outcome IS NOT NULL THEN clock_timestamp() END
      FROM batch
        ON CONFLICT DO NOTHING
    RETURNING delivery_id, status
), tasks AS (
    INSERT INTO outbox (kind, task, queue, args)
    SELECT 'task', 'rig.conductor.delivery', 'conductor', jsonb_build_array(delivery_id)
      FROM stored WHERE status = 'pending'
)
SELECT delivery_id FROM stored
