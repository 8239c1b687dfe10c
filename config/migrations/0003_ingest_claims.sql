-- `claims` numbers the attempts at a revision and never falls: a worker that comes back late holds an old number and
-- changes nothing. `attempts` counts those that count against the job. `verdict` is the failure that a revision is being
-- closed with, kept before its files are removed: whoever finishes the closing gives the same one.

ALTER TABLE assets
    ADD COLUMN claims integer NOT NULL DEFAULT 0,
    ADD COLUMN verdict text;
