-- What a distributor calls a release: a single and the album of the same title are two, and a title that is corrected makes
-- no second release.
CREATE TABLE supplied_albums (
    account_id uuid NOT NULL REFERENCES users,
    supply_key text NOT NULL,
    album_id uuid NOT NULL REFERENCES albums ON DELETE CASCADE,
    PRIMARY KEY (account_id, supply_key)
);
CREATE INDEX supplied_albums_album ON supplied_albums (album_id);
