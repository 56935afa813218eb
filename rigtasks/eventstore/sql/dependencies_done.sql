-- Say whether everything an issue depends on is done. A dependency the rig has never seen does not
-- hold: intake looked at it on GitHub. Of an issue that came back only the newest generation counts.
CREATE OR REPLACE FUNCTION rig_dependencies_done(p_stream text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT NOT EXISTS (
        SELECT FROM issue_dependencies AS d JOIN issues AS o ON o.ref = d.ref
         WHERE d.stream = p_stream AND o.lane <> 'done'
           AND NOT EXISTS (SELECT FROM issues AS later
                            WHERE later.ref = o.ref AND later.generation > o.generation));
$$;
