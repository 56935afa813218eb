-- Words by the name of the setting; empty where the process is of a version that tells none.
ALTER TABLE heartbeats ADD COLUMN agreed jsonb NOT NULL DEFAULT '{}';
