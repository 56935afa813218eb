-- List the repositories that are the rig's own by what was ever seen of them: those that once had a
-- name on the deny-list, and the forks of those and of the ones that are listed by id, and the forks
-- of forks. `through` is the repository that is listed; its name is NULL where its id is. The rule
-- itself is `InternalRepositories.match`; this is what it has to know.
CREATE OR REPLACE FUNCTION rig_internal_repositories(p_ids bigint[], p_names text[])
RETURNS TABLE (repo_id bigint, through bigint, name text)
LANGUAGE sql STABLE
AS $$
    WITH RECURSIVE listed AS (
        SELECT id AS repo_id, NULL::text COLLATE "C" AS name FROM unnest(p_ids) AS id
         UNION ALL
        SELECT n.repo_id, n.repo_key FROM repository_names AS n WHERE n.repo_key = ANY (p_names)
    ), kin AS (
        SELECT l.repo_id, l.repo_id AS through, l.name FROM listed AS l
         UNION
        SELECT a.repo_id, k.through, k.name
          FROM kin AS k JOIN repository_ancestors AS a ON a.ancestor_id = k.repo_id
    )
    SELECT DISTINCT ON (k.repo_id) k.repo_id, k.through, k.name FROM kin AS k
     WHERE k.repo_id <> k.through OR k.name IS NOT NULL
     ORDER BY k.repo_id, k.through <> k.repo_id, k.through, k.name;
$$;
