-- Store a delivery that is known in some way, unless its very id is stored already.
--
-- Two webhooks of one happening (repository and organisation) differ in their hook: the second is
-- kept as a duplicate without a task. One hook never reports a happening under two ids, so the
-- same words from the same hook are a second happening within the same second: a delivery of its
-- own, under a key of its own.
WITH given AS (
    SELECT %(delivery_id)s::text AS delivery_id, %(semantic_key)s::text AS semantic_key,
           %(hook)s::text AS hook
), judged AS (
    SELECT given.*, original.delivery_id AS of_id
      FROM given
      LEFT JOIN deliveries AS original
        ON original.semantic_key = given.semantic_key AND original.duplicate_of IS NULL
       AND (original.headers ->> 'X-GitHub-Hook-ID' IS NULL
            OR original.headers ->> 'X-GitHub-Hook-ID' IS DISTINCT FROM given.hook)
), stored AS (
    INSERT INTO deliveries (delivery_id, event, action, repo_id, repo, number, semantic_key,
                            headers, payload, duplicate_of, status, outcome)
    SELECT delivery_id, %(event)s, %(action)s, %(repo_id)s, %(repo)s, %(number)s,
           CASE WHEN of_id IS NULL THEN semantic_key || '|' || delivery_id ELSE semantic_key END,
           %(headers)s, %(payload)s, of_id,
           CASE WHEN of_id IS NULL THEN %(status)s ELSE 'ignored' END,
           CASE WHEN of_id IS NULL THEN %(outcome)s
                ELSE 'ignored: says the same as delivery ' || of_id END
      FROM judged
        ON CONFLICT (delivery_id) DO NOTHING
    RETURNING duplicate_of
)
SELECT duplicate_of FROM stored
UNION ALL
SELECT d.duplicate_of FROM given JOIN deliveries AS d USING (delivery_id)
