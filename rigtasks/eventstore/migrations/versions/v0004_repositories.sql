CREATE TABLE repository_names (
    repo_id bigint NOT NULL,
    repo_key text COLLATE "C" NOT NULL,
    seen_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT repository_names_pkey PRIMARY KEY (repo_id, repo_key)
);
CREATE INDEX repository_names_key ON repository_names (repo_key, seen_at);

CREATE TABLE repository_ancestors (
    repo_id bigint NOT NULL,
    ancestor_id bigint NOT NULL,
    seen_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT repository_ancestors_pkey PRIMARY KEY (repo_id, ancestor_id)
);
CREATE INDEX repository_ancestors_ancestor ON repository_ancestors (ancestor_id);

-- What the rig saw before this step, as far as it is still known.
INSERT INTO repository_names (repo_id, repo_key, seen_at)
SELECT repo_id, lower(repo), min(seen_at)
  FROM (SELECT repo_id, repo, entered_at AS seen_at FROM issues WHERE repo_key IS NOT NULL
         UNION ALL
        SELECT repo_id, repo, received_at FROM deliveries
         WHERE repo_id IS NOT NULL AND repo ~* '^[a-z0-9][a-z0-9_-]*/[a-z0-9._-]{1,100}$') AS seen
 GROUP BY repo_id, lower(repo);
