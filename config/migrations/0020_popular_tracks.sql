-- What of an artist is heard most: one row for each track, however many listeners there are.

-- `score` counts plays, later ones more (`graph.listening.popularity`), `plays` counts all alike. What nobody has heard
-- has zeros and comes last, so the list of an artist is never empty for want of plays. `artist_id` is that of the track,
-- copied so that any page is one range of the index below.
CREATE TABLE track_popularity (
    track_id uuid PRIMARY KEY REFERENCES tracks ON DELETE CASCADE,
    artist_id uuid NOT NULL,
    plays bigint NOT NULL DEFAULT 0,
    score double precision NOT NULL DEFAULT 0
);
-- Negative, so that both parts ascend: tracks that are heard alike come in the order in which they were added.
CREATE INDEX track_popularity_by_score ON track_popularity (artist_id, (-score), track_id);

-- Plays that are counted and not shown yet. The rows above change once an hour and not with every play: so does their
-- index, and answers that show them are reused meanwhile. Room is left in each page, so that adding to a row touches no
-- index.
CREATE TABLE track_plays_waiting (
    track_id uuid PRIMARY KEY,
    plays bigint NOT NULL,
    score double precision NOT NULL
) WITH (fillfactor = 70);

CREATE FUNCTION tracks_become_popular() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO track_popularity (track_id, artist_id) SELECT id, artist_id FROM added ORDER BY id;
    RETURN NULL;
END $$;
CREATE TRIGGER tracks_inserted_for_popularity AFTER INSERT ON tracks
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tracks_become_popular();

CREATE FUNCTION track_popularity_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE track_popularity SET artist_id = NEW.artist_id WHERE track_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER tracks_moved_for_popularity AFTER UPDATE OF artist_id ON tracks FOR EACH ROW
    WHEN (OLD.artist_id <> NEW.artist_id) EXECUTE FUNCTION track_popularity_moves();

-- What comes and goes is told with the tracks.
CREATE TRIGGER tells_of_change AFTER TRUNCATE ON track_popularity FOR EACH STATEMENT
    EXECUTE FUNCTION tell_of_change('artist', 'artist_id');
CREATE TRIGGER tells_of_updates AFTER UPDATE ON track_popularity
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT
    EXECUTE FUNCTION tell_of_rows('artist', 'artist_id');
