-- In which markets a release may be heard at all, derived from `tracks.markets` as that is from licences: a list leaves
-- out what a market excludes without looking at tracks. Null: everywhere, for it has a track without licences, or none.
--
-- Not a column of `albums`, for whoever changes a track's licences would wait for those who write the release, and they
-- for it: releases come before their tracks in the order of locks. These rows come last, and nobody else locks them.
CREATE TABLE album_markets (
    album_id uuid PRIMARY KEY REFERENCES albums ON DELETE CASCADE,
    markets text[]
);

-- The rows are locked before the tracks are looked at. A statement sees what was committed before it began, so of two
-- who change tracks of one release the second finds what the first has made of them.
CREATE FUNCTION derive_markets_of_albums(touched uuid[]) RETURNS void STRICT LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO album_markets AS held (album_id) SELECT id FROM unnest(touched) AS album (id) ORDER BY id
    -- Locks the row that is there, and writes nothing.
    ON CONFLICT (album_id) DO UPDATE SET markets = held.markets WHERE false;
    UPDATE album_markets SET markets = found.markets
    FROM (
        SELECT album.id, CASE WHEN NOT EXISTS (
            SELECT FROM tracks AS track WHERE track.album_id = album.id AND track.markets IS NULL
        ) THEN (
            -- The tracks of a release nearly always have the same markets, which are taken apart once.
            SELECT array_agg(DISTINCT market)
            FROM (SELECT DISTINCT markets FROM tracks WHERE album_id = album.id) AS same, unnest(same.markets) AS market
        ) END AS markets
        FROM unnest(touched) AS album (id)
    ) AS found
    WHERE album_markets.album_id = found.id AND album_markets.markets IS DISTINCT FROM found.markets;
END $$;

CREATE FUNCTION tracks_come_or_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM derive_markets_of_albums(array_agg(DISTINCT album_id)) FROM changed WHERE album_id IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER inserted_into_albums AFTER INSERT ON tracks
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tracks_come_or_go();
CREATE TRIGGER deleted_from_albums AFTER DELETE ON tracks
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tracks_come_or_go();

-- What follows for a release depends on which markets its tracks have, and not on which track has them: so only what is
-- new among the changed rows, or gone from them, is of interest, and most updates change neither. Joining the rows as
-- they were to the rows as they are would compare each with each as soon as there are many.
CREATE FUNCTION tracks_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM derive_markets_of_albums(array_agg(DISTINCT album_id)) FROM (
        (SELECT album_id, markets FROM before EXCEPT SELECT album_id, markets FROM after)
        UNION ALL
        (SELECT album_id, markets FROM after EXCEPT SELECT album_id, markets FROM before)
    ) AS changed WHERE album_id IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER updated_on_albums AFTER UPDATE ON tracks
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION tracks_change();

-- Of two who wrote licences of one track without having locked it, neither saw those of the other, and the track kept
-- the markets of one. As an array, the keys are looked up one by one however many there were when the plan was made.
CREATE OR REPLACE FUNCTION licences_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched uuid[] := ARRAY(SELECT DISTINCT track_id FROM changed);
BEGIN
    PERFORM FROM tracks WHERE id = ANY(touched) ORDER BY id FOR NO KEY UPDATE;
    UPDATE tracks SET markets = found.markets
    FROM (
        SELECT track.id, (SELECT array_agg(DISTINCT market) FROM licences WHERE track_id = track.id) AS markets
        FROM unnest(touched) AS track (id)
    ) AS found
    WHERE tracks.id = found.id AND tracks.markets IS DISTINCT FROM found.markets;
    RETURN NULL;
END $$;

-- Answers are made of this table, too: of a row that is not there what they are of one that is null.
CREATE TRIGGER tells_of_change AFTER TRUNCATE ON album_markets FOR EACH STATEMENT
    EXECUTE FUNCTION tell_of_change('release', 'album_id');
CREATE TRIGGER tells_of_updates AFTER UPDATE ON album_markets
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION tell_of_rows('release', 'album_id');
