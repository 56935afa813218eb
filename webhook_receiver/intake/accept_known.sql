-- Store a delivery that the batch found known, unless its very id is stored already.
--
-- Two webhooks of one happening (repository and organisation) differ in their hook: the second is
-- kept as a duplicate without a task. One hook never reports a happening under two ids, so the
-- same words from the same hook are a second happening within the same second: a delivery of its
-- own, under a key of its own.
-- $1 is a JSON list of the one delivery.
WITH given AS (
    SELECT * FROM json_to_recordset($1)
        AS g(delivery_id text, event text, action text, repo_id bigint, repo text, number integer,
             semantic_key text, headers jsonb, payload text, status text, outcome text, hook text)
), judged AS (
    SELECT given.*, original.delivery_id AS of_id
      FROM given
      LEFT JOIN deliveries AS original
        ON original.semantic_key = given.semantic_key AND original.duplicate_of IS NULL
       AND (original.headers ->> 'X-GitHub-Hook-ID' IS NULL
            OR original.headers ->> 'X-GitHub-Hook-ID' IS DISTINCT FROM given.hook)
), stored AS (
    INSERT INTO deliveries (delivery_id, event, action, repo_id, repo, number, semantic_key,
                            headers, payload, duplicate_of, status, outcome, outcome_at)
    SELECT delivery_id, event, action, repo_id, repo, number,
           CASE WHEN of_id IS NULL THEN semantic_key || '|' || delivery_id ELSE semantic_key END,
           headers, decode(payload, 'hex'), of_id,
           CASE WHEN of_id IS NULL THEN status ELSE 'ignored' END,
           CASE WHEN of_id IS NULL THEN outcome
                ELSE 'ignored: says the same as delivery ' || of_id END,
           CASE WHEN of_id IS NOT NULL OR outcome IS NOT NULL THEN clock_timestamp() END
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
SELECT d.duplicate_of FROM given JOIN deliveries AS d USING (delivery_id)
