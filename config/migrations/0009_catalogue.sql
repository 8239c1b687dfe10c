-- Releases with a type and a state, credits, genres, lyrics, profiles, licences by market, and labels.
-- Constraints on columns of tables that have rows are not validated: what the rows have is the default, which is legal.

ALTER TABLE users DROP CONSTRAINT users_role_check;
ALTER TABLE users
    ADD CONSTRAINT users_role_check CHECK (role IN ('listener', 'artist', 'label', 'admin')) NOT VALID,
    -- The country whose licences count for this listener (ISO 3166-1, alpha-2); null: wherever the request comes from.
    ADD COLUMN market text,
    ADD CONSTRAINT users_market CHECK (market ~ '^[A-Z]{2}$') NOT VALID;

-- Listeners see a release that is live, and a scheduled one from its time on, by the clock of the statement that asks:
-- no job has to run for a release to come out.
ALTER TABLE albums
    ADD COLUMN type text NOT NULL DEFAULT 'album',
    ADD COLUMN state text NOT NULL DEFAULT 'live',
    ADD COLUMN live_at timestamptz,
    ADD COLUMN musicbrainz_release_id uuid,
    ADD CONSTRAINT albums_type CHECK (type IN ('single', 'ep', 'album', 'compilation')) NOT VALID,
    ADD CONSTRAINT albums_state CHECK (state IN ('draft', 'scheduled', 'live', 'withdrawn')) NOT VALID,
    ADD CONSTRAINT albums_schedule CHECK ((state = 'scheduled') = (live_at IS NOT NULL)) NOT VALID;

-- `markets` is derived from the licences below, by a trigger, so that it cannot be forgotten by whoever writes them: a
-- list leaves out what a market has no licence for by looking at the track's row alone. Null: no licences, so everywhere.
ALTER TABLE tracks
    ADD COLUMN musicbrainz_recording_id uuid,
    ADD COLUMN markets text[];
CREATE INDEX tracks_isrc ON tracks (isrc) WHERE isrc IS NOT NULL;

CREATE TABLE licences (
    id uuid PRIMARY KEY,
    track_id uuid NOT NULL REFERENCES tracks ON DELETE CASCADE,
    market text NOT NULL CHECK (market = '*' OR market ~ '^[A-Z]{2}$'),
    starts_at timestamptz NOT NULL DEFAULT '-infinity',
    ends_at timestamptz NOT NULL DEFAULT 'infinity',
    CHECK (starts_at < ends_at),
    UNIQUE (track_id, market, starts_at, ends_at)
);

CREATE FUNCTION licences_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tracks SET markets = found.markets
    FROM (
        SELECT touched.track_id,
               array_agg(DISTINCT licence.market) FILTER (WHERE licence.market IS NOT NULL) AS markets
        FROM (SELECT DISTINCT track_id FROM changed) AS touched
        LEFT JOIN licences AS licence ON licence.track_id = touched.track_id
        GROUP BY touched.track_id
    ) AS found
    WHERE tracks.id = found.track_id AND tracks.markets IS DISTINCT FROM found.markets;
    RETURN NULL;
END;
$$;
CREATE TRIGGER licences_inserted AFTER INSERT ON licences
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION licences_changed();
CREATE TRIGGER licences_updated AFTER UPDATE ON licences
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION licences_changed();
CREATE TRIGGER licences_deleted AFTER DELETE ON licences
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION licences_changed();

CREATE TABLE artist_profiles (
    artist_id uuid PRIMARY KEY REFERENCES artists ON DELETE CASCADE,
    biography text,
    links jsonb NOT NULL DEFAULT '[]'
);

-- `slug` is the name folded as search folds it: two spellings of a genre are one.
CREATE TABLE genres (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL
);
CREATE TABLE track_genres (
    genre_id uuid NOT NULL REFERENCES genres,
    track_id uuid NOT NULL REFERENCES tracks ON DELETE CASCADE,
    position smallint NOT NULL,
    PRIMARY KEY (genre_id, track_id)
);
CREATE INDEX track_genres_track ON track_genres (track_id, position);
CREATE TABLE album_genres (
    genre_id uuid NOT NULL REFERENCES genres,
    album_id uuid NOT NULL REFERENCES albums ON DELETE CASCADE,
    position smallint NOT NULL,
    PRIMARY KEY (genre_id, album_id)
);
CREATE INDEX album_genres_album ON album_genres (album_id, position);

CREATE TABLE track_credits (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    track_id uuid NOT NULL REFERENCES tracks ON DELETE CASCADE,
    position smallint NOT NULL,
    role text NOT NULL,
    name text NOT NULL,
    artist_id uuid REFERENCES artists ON DELETE SET NULL,
    UNIQUE (track_id, position)
);
CREATE INDEX track_credits_artist ON track_credits (artist_id, track_id) WHERE artist_id IS NOT NULL;

CREATE TABLE track_lyrics (
    track_id uuid PRIMARY KEY REFERENCES tracks ON DELETE CASCADE,
    plain text,
    synced jsonb NOT NULL DEFAULT '[]'
);

-- What a distributor calls a track: the same key comes back with the same track.
CREATE TABLE supplied_tracks (
    account_id uuid NOT NULL REFERENCES users,
    supply_key text NOT NULL,
    track_id uuid NOT NULL REFERENCES tracks ON DELETE CASCADE,
    PRIMARY KEY (account_id, supply_key)
);
CREATE INDEX supplied_tracks_track ON supplied_tracks (track_id);

-- The course of a track's level for a player's scrubber: one byte a point, 255 the loudest.
ALTER TABLE assets ADD COLUMN waveform bytea;
