-- Store a delivery that the batch found known, unless its very id is stored already.
--
-- Two webhooks of one happening (repository and organisation) differ in their hook: the second is
-- kept as a duplicate without a task. One hook never reports a happening under two ids, so the
-- same words from the same hook are a second happening within the same second: a delivery of its
-- own, under a key of its own.
WITH original AS (
    SELECT delivery_id AS of_id, headers ->> 'X-GitHub-Hook-ID' AS hook
      FROM deliveries WHERE semantic_key = $7 AND duplicate_of IS NULL
), judged AS (
    SELECT CASE WHEN hook IS DISTINCT FROM $12::text OR hook IS NULL THEN of_id END AS of_id
      FROM (SELECT NULL) AS one LEFT JOIN original ON true
), stored AS (
    INSERT INTO deliveries (delivery_id, event, action, repo_id, repo, number, semantic_key,
                            headers, payload, duplicate_of, status, outcome, outcome_at)
    SELECT $1::text, $2::text, $3::text, $4::bigint, $5::text, $6::integer,
           CASE WHEN of_id IS NULL THEN $7::text || '|' || $1::text ELSE $7::text END,
           $8::text::jsonb, $9::bytea, of_id,
           CASE WHEN of_id IS NULL THEN $10::text ELSE 'ignored' END,
           CASE WHEN of_id IS NULL THEN $11::text
                ELSE 'ignored: says the same as delivery ' || of_id END,
           CASE WHEN of_id IS NOT NULL OR $11::text IS NOT NULL THEN clock_timestamp() END
      FROM judged
        ON CONFLICT (delivery_id) DO NOTHING
    RETURNING delivery_id, duplicate_of, status
), tasks AS (
    INSERT INTO outbox (kind, task, queue, args)
    SELECT 'task', 'rig.conductor.delivery', 'conductor', jsonb_build_array(delivery_id)
      FROM stored WHERE status = 'pending'
)
SELECT duplicate_of FROM stored
UNION ALL
SELECT duplicate_of FROM deliveries WHERE delivery_id = $1
