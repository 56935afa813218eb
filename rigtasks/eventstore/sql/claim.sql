-- Claim the best claimable issue of a queue: choose, raise the epoch, write the lease and the
-- assignment, all in one transaction and by the database's clock.
--
-- Admission order: priority, then live claims of the repository, then age of the approval, then
-- stream. The claimable index is walked repository by repository, so the choice costs one short
-- probe per waiting repository however many issues wait. A probe compares every entry of a page:
-- the index holds a number in the queue's place, its hash, and the row that is found is asked for
-- the queue itself. Where all of a repository's best are being taken this instant, the next
-- repository has its turn. The issue is locked with SKIP LOCKED before the append lock, so racing
-- workers choose side by side and only the event itself is written one after the other. Limits are
-- counted again under that lock; a claim that would exceed one is rolled back with SQLSTATE RG001
-- and the caller asks again. The deny-list holds by id, by the name of now, and by what was ever
-- seen of a repository; it does not keep a reviewer away. An implementation is given to a worker
-- only where the provider that the issue's repository asks for, else the worker's own, is among
-- those it offers now and not paused; a reviewer is the worker's own. As in rig_append the flush is
-- waited for after the lock is free, and before the caller gets his answer.
--
-- outcome: claimed | nothing | busy (all of it locked this instant) | paused | limit
CREATE OR REPLACE PROCEDURE rig_claim(
    p_queue text,
    p_stage text,
    p_agent text,
    p_holder text,
    p_actor_kind text,
    p_run uuid,
    p_event_id uuid,
    p_lease_seconds double precision,
    p_limit_total integer,
    p_limit_queue integer,
    p_limit_repo integer,
    p_denied_ids bigint[],
    p_denied_names text[],
    p_provider text,
    p_offered text[],
    OUT outcome text,
    OUT stream text,
    OUT version integer,
    OUT epoch integer,
    OUT claimed_at timestamptz,
    OUT expires_at timestamptz
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    paused text[];
    denied bigint[];
    shut text[];
    full_house boolean;
    best record;
    over_limit boolean;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7472);  -- a rebuild makes writers wait here
    claimed_at := clock_timestamp();
    SELECT ARRAY(SELECT s.scope FROM switches AS s
                  WHERE s.lifted_at IS NULL
                    AND (s.until IS NULL OR s.until > clock_timestamp())),
           coalesce(sum(c.live) >= p_limit_total, p_limit_total <= 0)
           OR coalesce(sum(c.live) FILTER (WHERE c.queue = p_queue) >= p_limit_queue,
                       p_limit_queue <= 0)
      INTO paused, full_house FROM claim_counts AS c;
    shut := ARRAY(SELECT substr(scope, 10) FROM unnest(paused) AS scope
                   WHERE starts_with(scope, 'provider:'));
    IF 'rig' = ANY (paused)
       OR (p_provider IS NOT NULL AND coalesce(p_offered, ARRAY[p_provider]) <@ shut) THEN
        outcome := 'paused';
        RETURN;
    ELSIF full_house THEN
        outcome := 'limit';
        RETURN;
    END IF;

    denied := p_denied_ids;
    IF p_stage <> 'review' AND cardinality(p_denied_ids) + cardinality(p_denied_names) > 0 THEN
        SELECT p_denied_ids || array_agg(i.repo_id) INTO denied
          FROM rig_internal_repositories(p_denied_ids, p_denied_names) AS i;
    END IF;
    outcome := 'nothing';
    FOR best IN
        WITH RECURSIVE heads AS (
            SELECT -9223372036854775808 AS repo_id, 0::smallint AS priority,
                   NULL::timestamptz AS approved_at, NULL::text COLLATE "C" AS stream
            UNION ALL
            SELECT next.* FROM heads AS h CROSS JOIN LATERAL (
                SELECT i.repo_id, i.priority, i.approved_at, i.stream FROM issues AS i
                 WHERE hashtext(i.claim_queue) = hashtext(p_queue) AND i.claim_queue = p_queue
                   AND i.repo_id > h.repo_id AND i.approved_at IS NOT NULL
                   AND (i.claim_after IS NULL OR i.claim_after <= claimed_at)
                   AND NOT i.stream = ANY (paused)
                   AND NOT 'issue:' || i.repo_id || ':' || i.number = ANY (paused)
                   AND (p_stage = 'review' OR NOT (i.repo_id = ANY (denied)
                        OR i.repo_key IS NULL OR i.repo_key = ANY (p_denied_names)))
                   AND (p_stage = 'review'
                        OR NOT coalesce(i.claim_provider, p_provider, '') = ANY (shut)
                           AND (p_offered IS NULL
                                OR coalesce(i.claim_provider, p_provider, '') = ANY (p_offered)))
                   AND (NOT i.has_dependencies OR rig_dependencies_done(i.stream))
                 ORDER BY i.repo_id, i.priority, i.approved_at, i.stream LIMIT 1) AS next
        ), busy AS (
            SELECT c.repo_id, sum(c.live) AS live FROM claim_counts AS c GROUP BY c.repo_id
        )
        SELECT h.repo_id, h.priority FROM heads AS h LEFT JOIN busy AS b USING (repo_id)
         WHERE h.stream IS NOT NULL AND NOT 'repo:' || h.repo_id = ANY (paused)
           AND coalesce(b.live, 0) < p_limit_repo
         ORDER BY h.priority, coalesce(b.live, 0), h.approved_at, h.stream
    LOOP
        SELECT i.stream, i.version + 1, i.epoch + 1 INTO stream, version, epoch
          FROM issues AS i
         WHERE hashtext(i.claim_queue) = hashtext(p_queue) AND i.claim_queue = p_queue
           AND i.repo_id = best.repo_id AND i.priority = best.priority
           AND i.approved_at IS NOT NULL
           AND (i.claim_after IS NULL OR i.claim_after <= claimed_at)
           AND NOT i.stream = ANY (paused)
           AND NOT 'issue:' || i.repo_id || ':' || i.number = ANY (paused)
           AND (p_stage = 'review' OR i.repo_key IS NOT NULL
                AND NOT i.repo_key = ANY (p_denied_names))
           AND (p_stage = 'review'
                OR NOT coalesce(i.claim_provider, p_provider, '') = ANY (shut)
                   AND (p_offered IS NULL
                        OR coalesce(i.claim_provider, p_provider, '') = ANY (p_offered)))
           AND (NOT i.has_dependencies OR rig_dependencies_done(i.stream))
         ORDER BY i.approved_at, i.stream LIMIT 1
           FOR NO KEY UPDATE SKIP LOCKED;
        EXIT WHEN FOUND;
        outcome := 'busy';
    END LOOP;
    IF stream IS NULL THEN
        RETURN;
    END IF;

    claimed_at := clock_timestamp();
    expires_at := claimed_at + make_interval(secs => p_lease_seconds);
    WITH issue AS (
        UPDATE issues AS i
           SET version = rig_claim.version, epoch = rig_claim.epoch, run_id = p_run,
               runs = i.runs + 1, claim_stage = NULL, claim_queue = NULL, claim_after = NULL,
               hold = NULL, hold_sentence = '',
               lane = CASE p_stage WHEN 'review' THEN i.lane ELSE 'assigned' END,
               entered_at = CASE p_stage WHEN 'review' THEN i.entered_at ELSE claimed_at END,
               updated_at = claimed_at
         WHERE i.stream = rig_claim.stream
    ), run AS (
        INSERT INTO runs (run_id, stream, epoch, stage, queue, repo_id, agent, holder,
                          started_at, reason, turns, input_uncached, cache_read, cache_write,
                          output, cost_micro_usd, cost_unknown)
        VALUES (p_run, stream, epoch, p_stage, p_queue, best.repo_id, p_agent, p_holder,
                claimed_at, '', 0, 0, 0, 0, 0, 0, false)
    )
    INSERT INTO leases (stream, epoch, run_id, holder, queue, expires_at, heartbeat_at)
    VALUES (stream, epoch, p_run, p_holder, p_queue, expires_at, claimed_at);

    PERFORM pg_advisory_xact_lock(7471);
    WITH counted AS (
        INSERT INTO claim_counts AS c (queue, repo_id, live) VALUES (p_queue, best.repo_id, 1)
        ON CONFLICT (queue, repo_id) DO UPDATE SET live = c.live + 1
    ), assignment AS (
        INSERT INTO events (position, stream, version, type, schema_version, event_id, data,
                            actor_kind, actor_id, correlation_id, recorded_at)
        VALUES (nextval('event_position'), stream, version,
                CASE p_stage WHEN 'review' THEN 'REVIEW_ASSIGNED' ELSE 'ISSUE_ASSIGNED' END, 1,
                p_event_id,
                json_build_object('run_id', p_run, 'epoch', epoch, 'agent', p_agent,
                                  'holder', p_holder, 'queue', p_queue),
                p_actor_kind, p_holder, p_run, claimed_at)
    )
    SELECT sum(c.live) >= p_limit_total
           OR sum(c.live) FILTER (WHERE c.queue = p_queue) >= p_limit_queue
           OR sum(c.live) FILTER (WHERE c.repo_id = best.repo_id) >= p_limit_repo
      INTO over_limit FROM claim_counts AS c;  -- as they were before this claim
    IF over_limit THEN
        RAISE EXCEPTION 'another claim took the last free place' USING ERRCODE = 'RG001';
    END IF;
    outcome := 'claimed';
    PERFORM set_config('synchronous_commit', 'off', true);
    COMMIT;
    PERFORM pg_logical_emit_message(true, 'rig', '');
END
$$;
