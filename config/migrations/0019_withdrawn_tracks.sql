-- A track that is withdrawn by itself, or reinstated, was promised to the origins by the API, by the release that it was
-- on when the API asked for its lock. It may be on another one once it has the lock, and that one come back just then. So
-- the promise is made here, as those of 0016 are, by the release that the track is on and holds. It is made also when
-- nothing changes, for whoever asks again wants the origins to be told again.
CREATE FUNCTION track_withdrawn_by_itself() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    goes_with_release boolean;
BEGIN
    PERFORM FROM albums WHERE id = NEW.album_id FOR SHARE;
    SELECT state = 'withdrawn' INTO goes_with_release FROM albums WHERE id = NEW.album_id;
    INSERT INTO withdrawals (asset_id, withdrawn)
    VALUES (NEW.asset_id, NEW.withdrawn_at IS NOT NULL OR coalesce(goes_with_release, false))
    ON CONFLICT (asset_id) DO UPDATE SET withdrawn = excluded.withdrawn;
    RETURN NULL;
END;
$$;
CREATE TRIGGER withdrawn_by_itself AFTER UPDATE OF withdrawn_at ON tracks
    FOR EACH ROW EXECUTE FUNCTION track_withdrawn_by_itself();
