-- Say whether everything an issue depends on is done. What it names is found by the ids of every
-- repository that was ever seen under the name, so that a dependency holds after a renaming, and
-- by its own name. A dependency that the rig has never seen or that was withdrawn from it does not
-- hold: intake looked on GitHub whether it is closed. Of an issue that came back only the newest
-- generation counts, and one that was never approved counts for nothing: a label on a closed issue
-- begins such a generation.
CREATE OR REPLACE FUNCTION rig_dependencies_done(p_stream text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT NOT EXISTS (
        SELECT FROM issue_dependencies AS d CROSS JOIN LATERAL (
            SELECT i.repo_id, i.number, i.generation, i.lane, i.approved_at FROM issues AS i
             WHERE i.ref = d.ref
             UNION ALL
            SELECT i.repo_id, i.number, i.generation, i.lane, i.approved_at
              FROM repository_names AS n JOIN issues AS i
                ON i.repo_id = n.repo_id AND i.number = split_part(d.ref, '#', 2)::integer
             WHERE n.repo_key = lower(split_part(d.ref, '#', 1)) COLLATE "C"
        ) AS o
         WHERE d.stream = p_stream AND o.lane NOT IN ('done', 'cancelled')
           AND o.approved_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM issues AS later
                            WHERE later.repo_id = o.repo_id AND later.number = o.number
                              AND later.generation > o.generation
                              AND later.approved_at IS NOT NULL));
$$;
