-- Give every delivery that somebody has to act on its task, in the transaction that stores it.
CREATE OR REPLACE FUNCTION rig_task_of_delivery() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO outbox (kind, task, queue, args)
    SELECT 'task', 'rig.conductor.delivery', 'conductor', jsonb_build_array(a.delivery_id)
      FROM arrived AS a WHERE a.status = 'pending';
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER deliveries_task AFTER INSERT ON deliveries
    REFERENCING NEW TABLE AS arrived
    FOR EACH STATEMENT EXECUTE FUNCTION rig_task_of_delivery();
