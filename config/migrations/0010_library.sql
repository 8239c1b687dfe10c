-- Libraries, listening, and what is done about both by a schedule.

-- What a listener keeps. `sort_name` is the folded name of what is kept, copied so that a library by name is one range of
-- an index. No foreign key leads to what is kept: whoever deletes a track that a million listeners like deletes one row.
-- Reads join it, so its likes are gone from every list at once; the rows follow in portions (`upkeep`).
CREATE TABLE liked_tracks (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    track_id uuid NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, track_id)
);
CREATE INDEX liked_tracks_by_date ON liked_tracks (user_id, created_at, track_id);
CREATE INDEX liked_tracks_by_name ON liked_tracks (user_id, sort_name, track_id);
CREATE INDEX liked_tracks_track ON liked_tracks (track_id, user_id);

CREATE TABLE saved_albums (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    album_id uuid NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, album_id)
);
CREATE INDEX saved_albums_by_date ON saved_albums (user_id, created_at, album_id);
CREATE INDEX saved_albums_by_name ON saved_albums (user_id, sort_name, album_id);
CREATE INDEX saved_albums_album ON saved_albums (album_id, user_id);

CREATE TABLE followed_artists (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    artist_id uuid NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, artist_id)
);
CREATE INDEX followed_artists_by_date ON followed_artists (user_id, created_at, artist_id);
CREATE INDEX followed_artists_by_name ON followed_artists (user_id, sort_name, artist_id);
CREATE INDEX followed_artists_artist ON followed_artists (artist_id, user_id);

CREATE TABLE followed_playlists (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    playlist_id uuid NOT NULL,
    sort_name text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, playlist_id)
);
CREATE INDEX followed_playlists_by_date ON followed_playlists (user_id, created_at, playlist_id);
CREATE INDEX followed_playlists_by_name ON followed_playlists (user_id, sort_name, playlist_id);
CREATE INDEX followed_playlists_playlist ON followed_playlists (playlist_id, user_id);

-- Its indexes are made in the next file, without locking out who follows meanwhile.
ALTER TABLE follows
    ADD COLUMN sort_name text COLLATE "C" NOT NULL DEFAULT '',
    DROP CONSTRAINT follows_followed_id_fkey;

-- What was renamed or deleted and may be in many libraries: the folded names there are written anew, or the rows removed.
-- `kind` is the part of a library, as the change feed calls it; `listener` is an account whose listening has to go.
CREATE TABLE upkeep (
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, subject_id)
);
CREATE INDEX upkeep_noted ON upkeep (noted_at);

CREATE FUNCTION note_for_upkeep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO upkeep (kind, subject_id, noted_at) VALUES (TG_ARGV[0], OLD.id, clock_timestamp())
    ON CONFLICT (kind, subject_id) DO UPDATE SET noted_at = clock_timestamp();
    RETURN NULL;
END $$;

CREATE TRIGGER tracks_renamed AFTER UPDATE OF search_text ON tracks FOR EACH ROW
    WHEN (split_part(OLD.search_text, E'\n', 1) <> split_part(NEW.search_text, E'\n', 1))
    EXECUTE FUNCTION note_for_upkeep('liked_track');
CREATE TRIGGER tracks_deleted AFTER DELETE ON tracks FOR EACH ROW EXECUTE FUNCTION note_for_upkeep('liked_track');
CREATE TRIGGER albums_renamed AFTER UPDATE OF search_text ON albums FOR EACH ROW
    WHEN (split_part(OLD.search_text, E'\n', 1) <> split_part(NEW.search_text, E'\n', 1))
    EXECUTE FUNCTION note_for_upkeep('saved_album');
CREATE TRIGGER albums_deleted AFTER DELETE ON albums FOR EACH ROW EXECUTE FUNCTION note_for_upkeep('saved_album');
CREATE TRIGGER artists_renamed AFTER UPDATE OF search_text ON artists FOR EACH ROW
    WHEN (split_part(OLD.search_text, E'\n', 1) <> split_part(NEW.search_text, E'\n', 1))
    EXECUTE FUNCTION note_for_upkeep('followed_artist');
CREATE TRIGGER artists_deleted AFTER DELETE ON artists FOR EACH ROW
    EXECUTE FUNCTION note_for_upkeep('followed_artist');
CREATE TRIGGER users_renamed AFTER UPDATE OF display_name ON users FOR EACH ROW
    WHEN (OLD.display_name <> NEW.display_name) EXECUTE FUNCTION note_for_upkeep('followed_user');
CREATE TRIGGER users_deleted AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION note_for_upkeep('followed_user');
CREATE TRIGGER listeners_deleted AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION note_for_upkeep('listener');

-- Those who are followed already have no folded name yet.
INSERT INTO upkeep (kind, subject_id) SELECT DISTINCT 'followed_user', followed_id FROM follows;

-- Every play that counted. Nothing here has a foreign key: a popular track has more plays than one statement can delete,
-- and those of a deleted account go in portions.
CREATE TABLE plays (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    track_id uuid NOT NULL,
    artist_id uuid NOT NULL,
    market text NOT NULL,
    played_at timestamptz NOT NULL,
    played_ms integer NOT NULL CHECK (played_ms >= 0),
    private boolean NOT NULL
) PARTITION BY RANGE (played_at);
CREATE INDEX plays_by_listener ON plays (user_id, played_at, id);

-- Takes what no month is there for, so a report is never refused for the want of one.
CREATE TABLE plays_astray PARTITION OF plays DEFAULT;

-- Make the partition of a month and move into it what went astray meanwhile; false when there is one.
CREATE FUNCTION make_month_of_plays(month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    partition text := to_char(month, '"plays_"YYYY_MM');
    begins_at timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    ends_at timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE plays INCLUDING ALL)', partition);
    -- From here until the end of the transaction a report of a play without a month waits.
    LOCK TABLE plays_astray IN ACCESS EXCLUSIVE MODE;
    EXECUTE format(
        'WITH moved AS (DELETE FROM plays_astray WHERE played_at >= $1 AND played_at < $2 RETURNING *)'
        ' INSERT INTO %I SELECT * FROM moved',
        partition
    ) USING begins_at, ends_at;
    -- Unlike CREATE ... PARTITION OF, this lets everybody read and write the other months meanwhile.
    EXECUTE format('ALTER TABLE plays ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, begins_at, ends_at);
    RETURN true;
END $$;

SELECT make_month_of_plays((date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => months))::date)
FROM generate_series(-2, 3) AS months;

-- The clients' keys of the plays above, kept for as long as a report may be late.
CREATE TABLE play_keys (
    user_id uuid NOT NULL,
    client_key text NOT NULL,
    reported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, client_key)
);
CREATE INDEX play_keys_reported ON play_keys (reported_at);

-- Plays that are not rolled up yet; taken from here in the transaction that counts them, so each is counted once.
CREATE TABLE plays_waiting (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    track_id uuid NOT NULL,
    artist_id uuid NOT NULL,
    market text NOT NULL,
    played_at timestamptz NOT NULL,
    private boolean NOT NULL
);
CREATE INDEX plays_waiting_listener ON plays_waiting (user_id);

-- Each track that a listener has played, once, by the last time.
CREATE TABLE recent_tracks (
    user_id uuid NOT NULL,
    track_id uuid NOT NULL,
    played_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, track_id)
);
CREATE INDEX recent_tracks_by_date ON recent_tracks (user_id, played_at, track_id);

-- Plays by day, for as long as the longest span that ends: what leaves a span is taken off its counts.
CREATE TABLE listening_days (
    user_id uuid NOT NULL,
    day date NOT NULL,
    track_id uuid NOT NULL,
    artist_id uuid NOT NULL,
    plays integer NOT NULL CHECK (plays > 0),
    PRIMARY KEY (user_id, day, track_id, artist_id)
);
CREATE INDEX listening_days_day ON listening_days (day);

-- The first day that is counted in each span.
CREATE TABLE listening_spans (
    span text PRIMARY KEY,
    first_day date NOT NULL
);
INSERT INTO listening_spans (span, first_day)
VALUES ('four_weeks', '-infinity'), ('six_months', '-infinity'), ('all_time', '-infinity');

CREATE TABLE top_tracks (
    user_id uuid NOT NULL,
    span text NOT NULL,
    track_id uuid NOT NULL,
    plays integer NOT NULL,
    PRIMARY KEY (user_id, span, track_id)
);
CREATE INDEX top_tracks_by_plays ON top_tracks (user_id, span, plays, track_id);

CREATE TABLE top_artists (
    user_id uuid NOT NULL,
    span text NOT NULL,
    artist_id uuid NOT NULL,
    plays integer NOT NULL,
    PRIMARY KEY (user_id, span, artist_id)
);
CREATE INDEX top_artists_by_plays ON top_artists (user_id, span, plays, artist_id);

-- What was heard where in which hour, of listeners who do not hide it; a week of it.
CREATE TABLE track_hours (
    hour timestamptz NOT NULL,
    market text NOT NULL,
    track_id uuid NOT NULL,
    plays integer NOT NULL CHECK (plays > 0),
    PRIMARY KEY (hour, market, track_id)
);

-- Charts, written anew as a whole. `chart_id` follows from span, market and genre.
CREATE TABLE chart_entries (
    chart_id uuid NOT NULL,
    place integer NOT NULL CHECK (place > 0),
    track_id uuid NOT NULL,
    score double precision NOT NULL,
    span text NOT NULL,
    PRIMARY KEY (chart_id, place)
);
CREATE INDEX chart_entries_span ON chart_entries (span);

-- What is due when. The row is locked while the work is done, and the work is done in the same transaction.
CREATE TABLE schedules (
    name text PRIMARY KEY,
    due_at timestamptz NOT NULL DEFAULT '-infinity'
);
