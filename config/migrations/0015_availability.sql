-- What listeners keep and can hear no longer, or again: their change feeds are told. What is deleted leaves what was counted.

-- Up to when the beginnings and ends of licences and releases have been looked for. One row.
CREATE TABLE windows_seen (
    until timestamptz NOT NULL
);
INSERT INTO windows_seen (until) VALUES (now());

-- Scalar subqueries with a limit, for of an EXISTS below an OR PostgreSQL may make a hash of the whole table.
CREATE FUNCTION track_is_kept(wanted uuid) RETURNS boolean STABLE LANGUAGE sql
RETURN coalesce((SELECT true FROM liked_tracks WHERE track_id = wanted LIMIT 1), false)
    OR coalesce((SELECT true FROM playlist_entries WHERE track_id = wanted LIMIT 1), false);

-- A delivery writes the licences of ten thousand tracks: only those that somebody keeps are noted.
CREATE FUNCTION licences_note_availability() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO upkeep (kind, subject_id, noted_at)
    SELECT 'track_availability', touched.track_id, clock_timestamp()
    FROM (SELECT DISTINCT track_id FROM changed) AS touched WHERE track_is_kept(touched.track_id)
    ORDER BY touched.track_id
    ON CONFLICT (kind, subject_id) DO UPDATE SET noted_at = excluded.noted_at;
    RETURN NULL;
END $$;

-- The tables come in the order in which writers lock them, or each would wait for the other.
-- What listeners have played of what is deleted is taken out of what was counted of them.
CREATE TRIGGER artists_deleted_from_listening AFTER DELETE ON artists FOR EACH ROW
    EXECUTE FUNCTION note_for_upkeep('heard_artist');
CREATE TRIGGER albums_change_availability AFTER UPDATE OF state, live_at ON albums FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.live_at IS DISTINCT FROM NEW.live_at)
    EXECUTE FUNCTION note_for_upkeep('album_availability');
CREATE TRIGGER tracks_change_availability AFTER UPDATE OF withdrawn_at, album_id ON tracks FOR EACH ROW
    WHEN (OLD.withdrawn_at IS DISTINCT FROM NEW.withdrawn_at OR OLD.album_id IS DISTINCT FROM NEW.album_id)
    EXECUTE FUNCTION note_for_upkeep('track_availability');
CREATE TRIGGER tracks_deleted_from_listening AFTER DELETE ON tracks FOR EACH ROW
    EXECUTE FUNCTION note_for_upkeep('heard_track');
CREATE TRIGGER licences_inserted_for_listeners AFTER INSERT ON licences
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION licences_note_availability();
CREATE TRIGGER licences_updated_for_listeners AFTER UPDATE ON licences
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION licences_note_availability();
CREATE TRIGGER licences_deleted_for_listeners AFTER DELETE ON licences
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION licences_note_availability();
