ALTER TABLE issues ADD COLUMN claim_provider text;
UPDATE issues AS i
   SET claim_provider = (
       SELECT e.data -> 'config' ->> 'provider' FROM events AS e
        WHERE e.stream = i.stream AND e.type IN ('ISSUE_APPROVED', 'WORK_STARTED')
          AND NOT EXISTS (SELECT FROM runs AS r  -- a reviewer's file decides nothing
                           WHERE r.run_id = (e.data ->> 'run_id')::uuid AND r.stage = 'review')
        ORDER BY e.version DESC LIMIT 1);

-- The same procedure with one argument less; its successor is among the functions.
DROP PROCEDURE IF EXISTS rig_claim(
    text, text, text, text, text, uuid, uuid, double precision, integer, integer, integer,
    bigint[], text[], text
);
