-- Tracks that are withdrawn, and what the origins have yet to be told about it.

ALTER TABLE tracks ADD COLUMN withdrawn_at timestamptz;

-- A row stands from the change until the marker in the object store is written or removed and the origins were told.
-- It names no track: what was withdrawn and deleted right afterwards is withdrawn all the same.
CREATE TABLE withdrawals (
    asset_id uuid PRIMARY KEY,
    withdrawn boolean NOT NULL
);
