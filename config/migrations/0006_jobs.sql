-- What a job has finished, what became of it when we failed it, and what has to be removed later.

-- A rung that an attempt has encoded, verified and uploaded, so that the next attempt need not. `recipe_sha256` is of
-- everything that decides its bytes: after a change of a setting the rung is made anew.
CREATE TABLE asset_renditions (
    asset_id uuid NOT NULL,
    revision integer NOT NULL,
    rung text NOT NULL,
    recipe_sha256 bytea NOT NULL CHECK (length(recipe_sha256) = 32),
    finished jsonb NOT NULL,
    PRIMARY KEY (asset_id, revision, rung),
    FOREIGN KEY (asset_id, revision) REFERENCES assets ON DELETE CASCADE
);

-- Jobs that failed three times by a fault of ours. The upload is kept, and with the queue's payload the job can be
-- enqueued again as it was.
CREATE TABLE quarantined_jobs (
    asset_id uuid NOT NULL,
    revision integer NOT NULL,
    job jsonb NOT NULL,
    fault text NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (asset_id, revision),
    FOREIGN KEY (asset_id, revision) REFERENCES assets ON DELETE CASCADE
);

-- Objects that nothing in the database names any more, and when nobody can be reading them either. `prefix` is one key,
-- or ends with a slash and means everything below it.
CREATE TABLE removals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    prefix text NOT NULL CHECK (prefix <> ''),
    due_at timestamptz NOT NULL
);
CREATE INDEX removals_due ON removals (due_at);
CREATE INDEX removals_prefix ON removals (prefix text_pattern_ops);

-- When the last sweep began: whoever moves this row on sweeps, so one worker at a time does.
CREATE TABLE sweeps (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    begun_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO sweeps DEFAULT VALUES;

-- Expired promises are looked for by the sweep.
CREATE INDEX uploads_pending ON uploads (expires_at) WHERE completed_at IS NULL;

-- The constant gain that the lossy renditions of a master carry, and the one that would bring a whole album to the same
-- target: their difference restores the balance of an album's tracks.
ALTER TABLE assets ADD COLUMN gain_db real;
ALTER TABLE albums ADD COLUMN gain_db real;
