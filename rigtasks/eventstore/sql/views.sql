-- What is read often and follows from the tables.
CREATE OR REPLACE VIEW claims AS
    SELECT stream, epoch, run_id, stage, queue, repo_id, agent, holder, started_at AS claimed_at
      FROM runs WHERE ended_at IS NULL;

CREATE OR REPLACE VIEW agents AS
    SELECT newest.agent, newest.queue, counted.runs, newest.run_id AS last_run_id,
           newest.stream AS last_stream, newest.started_at AS last_claimed_at
      FROM (SELECT DISTINCT ON (agent) agent, queue, run_id, stream, started_at
              FROM runs ORDER BY agent, started_at DESC, run_id) AS newest
      JOIN (SELECT agent, count(*) AS runs FROM runs GROUP BY agent) AS counted USING (agent);
