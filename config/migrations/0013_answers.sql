-- Every transaction that changes one of these tables says so when it commits, by the table's name and once. The API reuses
-- answers that were made of these tables, and of no others, until it hears that.

CREATE FUNCTION tell_of_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('segue_changes', TG_TABLE_NAME);
    RETURN NULL;
END
$$;

DO $$
DECLARE
    watched text;
BEGIN
    FOREACH watched IN ARRAY ARRAY[
        'artists', 'albums', 'tracks', 'images', 'asset_renditions', 'licences', 'artist_profiles', 'genres',
        'track_genres', 'album_genres', 'track_credits', 'track_lyrics', 'playlists', 'playlist_entries',
        'chart_entries'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER tells_of_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change()',
            watched
        );
    END LOOP;
END
$$;

-- The progress of an ingest changes its row several times a second, and nothing that is shown to everybody.
CREATE TRIGGER tells_of_change AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF status, duration_ms ON assets
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change();

-- Nobody's answer shows a user before there is one.
CREATE TRIGGER tells_of_change AFTER DELETE OR TRUNCATE OR UPDATE OF display_name ON users
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_change();
