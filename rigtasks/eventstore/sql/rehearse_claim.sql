-- Claim an issue that never was, and take it all back.
--
-- A session plans each statement of rig_claim when it first runs it, which takes several times as
-- long as the claim itself. A worker's fresh process rehearses while it has nothing to do, so that
-- its first bell finds the plans made. The queue is unique: no claim and no count sees the issue.
-- The claim's own commit, which a function may not make, ends the rehearsal and undoes it; while
-- the rig is paused it ends before that.
CREATE OR REPLACE FUNCTION rig_rehearse_claim()
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    nowhere text := 'rehearsal ' || gen_random_uuid();
    outcome text;
    stream text;
    version integer;
    epoch integer;
    claimed_at timestamptz;
    expires_at timestamptz;
BEGIN
    INSERT INTO issues (stream, version, ref, repo_id, repo, repo_key, number, generation, title,
                        lane, claim_stage, claim_queue, priority, has_dependencies, approved_at,
                        approved_by, task_digest, stack, queue, base_branch, hold_sentence, reason,
                        epoch, runs, attempts, lost_runs, review_loops, abstentions, cost_micro_usd,
                        cost_unknown_runs, tokens, entered_at, updated_at)
    VALUES (nowhere, 1, nowhere, -1, nowhere, nowhere, 1, 1, '', 'queued', 'implement', nowhere, 0,
            false, clock_timestamp(), '', '', '', nowhere, '', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0,
            clock_timestamp(), clock_timestamp());
    CALL rig_claim(nowhere, 'implement', '', '', 'worker', gen_random_uuid(), gen_random_uuid(),
                   1.0, 2147483647, 2147483647, 2147483647, '{}', '{}', NULL, NULL,
                   outcome, stream, version, epoch, claimed_at, expires_at);
    IF outcome IN ('paused', 'limit') THEN
        RAISE EXCEPTION 'nobody may claim now' USING ERRCODE = 'RG002';
    END IF;
    RAISE EXCEPTION USING MESSAGE = 'the rehearsed claim did not commit: ' || outcome;
EXCEPTION
    WHEN invalid_transaction_termination OR SQLSTATE 'RG002' THEN
        RETURN;
END
$$;
