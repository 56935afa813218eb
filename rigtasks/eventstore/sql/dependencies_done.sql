-- Say whether everything an issue depends on is done. A dependency that the rig has never seen or
-- that was withdrawn from it does not hold: intake looked on GitHub whether it is closed. Of an
-- issue that came back only the newest generation counts, and one that was never approved counts
-- for nothing: a label on a closed issue begins such a generation.
CREATE OR REPLACE FUNCTION rig_dependencies_done(p_stream text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT NOT EXISTS (
        SELECT FROM issue_dependencies AS d JOIN issues AS o ON o.ref = d.ref
         WHERE d.stream = p_stream AND o.lane NOT IN ('done', 'cancelled')
           AND o.approved_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM issues AS later
                            WHERE later.ref = o.ref AND later.generation > o.generation
                              AND later.approved_at IS NOT NULL));
$$;
