-- Say whether a writer still holds its claim: the epoch is the issue's newest, and where a run is
-- named its lease has not run out by the database's clock.
CREATE OR REPLACE FUNCTION rig_epoch_holds(
    p_stream text, p_current integer, p_epoch integer, p_run uuid
) RETURNS boolean
LANGUAGE sql VOLATILE
AS $$
    SELECT p_current = p_epoch AND (p_run IS NULL OR EXISTS (
        SELECT FROM leases AS l
         WHERE l.stream = p_stream AND l.epoch = p_epoch AND l.run_id = p_run
           AND l.expires_at > clock_timestamp()));
$$;
