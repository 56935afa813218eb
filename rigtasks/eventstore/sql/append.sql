-- Append events to the stream of one issue, with everything that must be true at the same instant.
--
-- Two locks, always in this order: the row of the issue, then the append lock. The row is locked by
-- the same UPDATE that checks the expected version and the epoch, so a writer that lost the race
-- costs one probe. The append lock is taken last, right before positions are handed out, and kept
-- until the commit: position order is commit order, and nothing else is done under it. Not even the
-- flush: the append commits without waiting for the disk, which frees the lock, and a second, empty
-- transaction of the same call flushes the log up to here before the caller gets his answer. Waiting
-- writers so share one flush. What an answer reports is on disk; only somebody else may read it a
-- moment earlier, and whatever he then writes is on disk after it.
--
-- status: appended | repeated | event_id_reused | version_conflict | stale_epoch | clock_moved
CREATE OR REPLACE PROCEDURE rig_append(
    p_stream text,
    p_expected integer,
    p_recorded_at timestamptz,
    p_events json,
    p_issue issues,
    p_ended_run uuid,
    p_records jsonb,
    p_outbox json,
    p_wakeup timestamptz,
    p_epoch integer,
    p_run uuid,
    OUT status text,
    OUT version integer,
    OUT first_position bigint,
    OUT recorded_at timestamptz
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    nobody_left boolean;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7472);  -- a rebuild makes writers wait here
    recorded_at := p_recorded_at;
    version := p_expected + json_array_length(p_events);
    IF abs(extract(epoch FROM clock_timestamp() - p_recorded_at)) > 30 THEN
        status := 'clock_moved';
        RETURN;
    END IF;

    IF p_issue IS NULL THEN
        UPDATE issues AS i SET version = rig_append.version, updated_at = p_recorded_at
         WHERE i.stream = p_stream AND i.version = p_expected
           AND (p_epoch IS NULL OR rig_epoch_holds(p_stream, i.epoch, p_epoch, p_run));
    ELSE
        IF p_expected = 0 THEN
            INSERT INTO issues VALUES (p_issue.*)
            ON CONFLICT (stream) DO NOTHING;
        ELSE
            UPDATE issues AS i SET (
            version, ref, repo_id, repo, repo_key, number, generation, title, lane, overlay,
            claim_stage, claim_queue, claim_after, has_dependencies, priority, approved_at,
            approved_by, task_digest, stack, queue, base_branch, hold, hold_sentence, reason,
            refusal_code, who_must_act, branch, head_sha, merge_sha, pr, pr_url, epoch, run_id,
            runs, attempts, lost_runs, review_loops, abstentions, cost_micro_usd,
            cost_unknown_runs, tokens, entered_at, updated_at, claim_provider
            ) = ROW (
            p_issue.version, p_issue.ref, p_issue.repo_id, p_issue.repo, p_issue.repo_key,
            p_issue.number, p_issue.generation, p_issue.title, p_issue.lane, p_issue.overlay,
            p_issue.claim_stage, p_issue.claim_queue, p_issue.claim_after, p_issue.has_dependencies,
            p_issue.priority, p_issue.approved_at, p_issue.approved_by, p_issue.task_digest,
            p_issue.stack, p_issue.queue, p_issue.base_branch, p_issue.hold, p_issue.hold_sentence,
            p_issue.reason, p_issue.refusal_code, p_issue.who_must_act, p_issue.branch,
            p_issue.head_sha, p_issue.merge_sha, p_issue.pr, p_issue.pr_url, p_issue.epoch,
            p_issue.run_id, p_issue.runs, p_issue.attempts, p_issue.lost_runs, p_issue.review_loops,
            p_issue.abstentions, p_issue.cost_micro_usd, p_issue.cost_unknown_runs, p_issue.tokens,
            p_issue.entered_at, p_issue.updated_at, p_issue.claim_provider
            )
             WHERE i.stream = p_stream AND i.version = p_expected
               AND (p_epoch IS NULL OR rig_epoch_holds(p_stream, i.epoch, p_epoch, p_run));
        END IF;
    END IF;
    IF NOT FOUND THEN
        SELECT r.* INTO status, version, first_position, recorded_at
          FROM rig_why_not_appended(p_stream, p_expected, p_events) AS r;
        PERFORM pg_logical_emit_message(true, 'rig', '');  -- what is repeated is on disk, too
        RETURN;
    END IF;

    IF p_records IS NOT NULL THEN
        PERFORM rig_put_records(p_records);
    END IF;
    IF p_wakeup IS NOT NULL THEN
        INSERT INTO wakeups (stream, due_at) VALUES (p_stream, p_wakeup)
        ON CONFLICT (stream) DO UPDATE SET due_at = excluded.due_at;
    ELSIF p_expected > 0 THEN
        DELETE FROM wakeups AS w WHERE w.stream = p_stream;
    END IF;
    IF p_outbox IS NOT NULL THEN
        PERFORM rig_put_outbox(p_stream, p_outbox);
    END IF;
    IF p_ended_run IS NOT NULL THEN
        DELETE FROM leases AS l WHERE l.stream = p_stream;
    END IF;

    PERFORM pg_advisory_xact_lock(7471);
    first_position := nextval('event_position');
    INSERT INTO events (position, stream, version, type, schema_version, event_id, data,
                        actor_kind, actor_id, correlation_id, causation_id, recorded_at)
    SELECT CASE e.version WHEN 1 THEN first_position ELSE nextval('event_position') END,
           p_stream, p_expected + e.version, e.type, e.schema_version, e.event_id, e.data,
           e.actor_kind, e.actor_id, e.correlation_id, e.causation_id, p_recorded_at
      FROM json_populate_recordset(NULL::events, p_events) AS e;
    IF p_ended_run IS NOT NULL THEN
        WITH ended AS (
            UPDATE claim_counts AS n SET live = n.live - 1
              FROM runs AS r
             WHERE r.run_id = p_ended_run AND n.queue = r.queue AND n.repo_id = r.repo_id
            RETURNING n.queue, n.repo_id, n.live
        ) SELECT count(*) FILTER (WHERE live = 0) > 0 INTO nobody_left FROM ended;
        IF nobody_left THEN
            DELETE FROM claim_counts AS n WHERE n.live = 0;
        END IF;
    END IF;
    status := 'appended';
    PERFORM set_config('synchronous_commit', 'off', true);
    COMMIT;
    PERFORM pg_logical_emit_message(true, 'rig', '');
END
$$;
