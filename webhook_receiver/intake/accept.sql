-- Store a batch of deliveries and the task of each that has something to do, as one statement.
-- $1 is a JSON list of them, payloads in hex: one parameter is sent and read fastest.
--
-- Returns the ids that were new. The others are known by their id or say what a stored delivery
-- already said; both indexes are covered by ON CONFLICT without a target. The caller sorts them
-- by id, so that two receivers with the same deliveries cannot wait for each other.
WITH batch AS (
    SELECT * FROM json_to_recordset($1)
        AS b(delivery_id text, event text, action text, repo_id bigint, repo text, number integer,
             semantic_key text, headers jsonb, payload text, status text, outcome text)
), stored AS (
    INSERT INTO deliveries (delivery_id, event, action, repo_id, repo, number, semantic_key,
                            headers, payload, status, outcome, outcome_at)
    SELECT delivery_id, event, action, repo_id, repo, number, semantic_key, headers,
           decode(payload, 'hex'), status, outcome, CASE WHEN outcome IS NOT NULL THEN clock_timestamp() END
      FROM batch
        ON CONFLICT DO NOTHING
    RETURNING delivery_id, status
), tasks AS (
    INSERT INTO outbox (kind, task, queue, args)
    SELECT 'task', 'rig.conductor.delivery', 'conductor', jsonb_build_array(delivery_id)
      FROM stored WHERE status = 'pending'
)
SELECT delivery_id FROM stored
