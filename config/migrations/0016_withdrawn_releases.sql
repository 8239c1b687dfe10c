-- A track is withdrawn by itself, or with its release. Whoever changes the state of a release, or moves a track to another
-- one, cannot forget to promise it to the origins: the promise is written here, for the API, deliveries and scripts alike.
-- A track that is withdrawn by itself stays so when its release is live again.

CREATE FUNCTION release_withdraws_tracks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO withdrawals (asset_id, withdrawn)
    SELECT track.asset_id, NEW.state = 'withdrawn' FROM tracks AS track
    WHERE track.album_id = NEW.id AND track.withdrawn_at IS NULL ORDER BY track.asset_id
    ON CONFLICT (asset_id) DO UPDATE SET withdrawn = excluded.withdrawn;
    RETURN NULL;
END;
$$;
CREATE TRIGGER withdraws_tracks AFTER UPDATE OF state ON albums
    FOR EACH ROW WHEN ((OLD.state = 'withdrawn') <> (NEW.state = 'withdrawn'))
    EXECUTE FUNCTION release_withdraws_tracks();

-- Both are locked, so that a release that is withdrawn or comes back at the same moment is seen as it will be: the one that
-- the track leaves, too, or its promise could be the later one. Releases come before their tracks in the order of locks, so
-- `updateTrack` has locked them already.
CREATE FUNCTION track_changes_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was boolean;
    becomes boolean;
BEGIN
    PERFORM FROM albums WHERE id IN (OLD.album_id, NEW.album_id) ORDER BY id FOR SHARE;
    SELECT state = 'withdrawn' INTO was FROM albums WHERE id = OLD.album_id;
    SELECT state = 'withdrawn' INTO becomes FROM albums WHERE id = NEW.album_id;
    IF coalesce(was, false) <> coalesce(becomes, false) THEN
        INSERT INTO withdrawals (asset_id, withdrawn) VALUES (NEW.asset_id, coalesce(becomes, false))
        ON CONFLICT (asset_id) DO UPDATE SET withdrawn = excluded.withdrawn;
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER changes_release AFTER UPDATE OF album_id ON tracks
    FOR EACH ROW WHEN (OLD.album_id IS DISTINCT FROM NEW.album_id AND NEW.withdrawn_at IS NULL)
    EXECUTE FUNCTION track_changes_release();
