-- What was told of a change was the name of its table. Now the keys of what it concerns are told, too, so that the API
-- forgets the answers about one album and keeps those about all others:
--
--     tracks track-… asset-…-parts album-…-parts artist-…-parts     a few rows of the table, and what they are parts of
--     tracks                                                        any of its rows, such as by a delivery
--
-- A trigger names the kind of thing that a row of its table is, or is a part of, and the column that holds its key, as
-- often as there are such columns. What follows from a kind is written down once, below, and in `graph.reuse.tags`.

CREATE FUNCTION tell_of_keys(source text, kind text, keys uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    -- So many fill a notification; what more rows are parts of is not looked for.
    most_keys CONSTANT integer := 160;
    longest_payload CONSTANT integer := 7999;
    -- Rows of `tracks` are tracks; those of `licences` are parts of them.
    itself CONSTANT boolean := kind = 'release' OR source = kind || 's';
    touched uuid[];
    releases uuid[];
    told text;
BEGIN
    IF cardinality(keys) > most_keys THEN
        PERFORM pg_notify('segue_changes', source);
        RETURN;
    END IF;
    SELECT string_agg(format(CASE WHEN itself THEN ' %s-%s' ELSE ' %s-%s-parts' END,
                             CASE kind WHEN 'release' THEN 'album' ELSE kind END, key), '')
    INTO told FROM unnest(keys) AS given (key);
    IF kind IN ('asset', 'track', 'release', 'album') THEN
        CASE kind
            WHEN 'track' THEN touched := keys;
            WHEN 'asset' THEN touched := ARRAY(SELECT id FROM tracks WHERE asset_id = ANY(keys));
            -- Whether a release is out decides whether its tracks are seen.
            WHEN 'release' THEN touched := ARRAY(SELECT id FROM tracks WHERE album_id = ANY(keys) LIMIT most_keys + 1);
            ELSE touched := ARRAY[]::uuid[];
        END CASE;
        releases := CASE WHEN kind IN ('album', 'release') THEN keys
            ELSE ARRAY(SELECT album_id FROM tracks WHERE id = ANY(touched) AND album_id IS NOT NULL) END;
        SELECT told || coalesce(string_agg(' ' || tag || '-parts', ''), '') INTO told FROM (
            SELECT unnest(ARRAY['track-' || id, 'asset-' || asset_id, 'artist-' || artist_id])
            FROM tracks WHERE id = ANY(touched)
            UNION
            SELECT unnest(ARRAY['album-' || id, 'artist-' || artist_id]) FROM albums WHERE id = ANY(releases)
        ) AS wholes (tag);
    END IF;
    IF octet_length(source || told) > longest_payload THEN
        told := '';
    END IF;
    PERFORM pg_notify('segue_changes', source || told);
END
$$;

CREATE FUNCTION tell_of_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    versions CONSTANT text[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY['after'] WHEN 'DELETE' THEN ARRAY['before'] ELSE ARRAY['before', 'after'] END;
    keys uuid[];
    selected text;
BEGIN
    FOR n IN 0 .. TG_NARGS - 1 BY 2 LOOP
        SELECT string_agg(format('SELECT %I FROM %I', TG_ARGV[n + 1], version), ' UNION ')
        INTO selected FROM unnest(versions) AS version;
        EXECUTE format('SELECT array_agg(key) FROM (%s) AS changed (key) WHERE key IS NOT NULL', selected) INTO keys;
        IF keys IS NOT NULL THEN
            PERFORM tell_of_keys(TG_TABLE_NAME, TG_ARGV[n], keys);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION tell_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    key uuid;
BEGIN
    EXECUTE format('SELECT ($1).%I', TG_ARGV[1]) INTO key USING NEW;
    PERFORM tell_of_keys(TG_TABLE_NAME, TG_ARGV[0], ARRAY[key]);
    RETURN NULL;
END
$$;

DO $$
DECLARE
    watched text;
    arguments text;
    events text;
BEGIN
    FOR watched, arguments IN VALUES
        ('artists', '''artist'', ''id'''),
        ('artist_profiles', '''artist'', ''artist_id'''),
        -- The track's own column names its release before and after a move, and when the track is gone.
        ('albums', '''release'', ''id'', ''artist'', ''artist_id'''),
        ('album_genres', '''album'', ''album_id'''),
        ('tracks', '''track'', ''id'', ''album'', ''album_id'', ''artist'', ''artist_id'''),
        ('track_genres', '''track'', ''track_id'''),
        ('track_credits', '''track'', ''track_id'', ''artist'', ''artist_id'''),
        ('track_lyrics', '''track'', ''track_id'''),
        ('licences', '''track'', ''track_id'''),
        ('assets', '''asset'', ''asset_id'''),
        ('images', '''image'', ''id'''),
        ('genres', '''genre'', ''id'''),
        ('users', '''user'', ''id'''),
        ('playlists', '''playlist'', ''id'', ''user'', ''owner_id'''),
        ('playlist_entries', '''playlist'', ''playlist_id''')
    LOOP
        -- This one also tells who listens what the table's rows are. It is replaced, not dropped: readers go on meanwhile.
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER tells_of_change AFTER TRUNCATE ON %I FOR EACH STATEMENT'
            ' EXECUTE FUNCTION tell_of_change(%s)', watched, arguments);
        EXECUTE format(
            'CREATE TRIGGER tells_of_deletes AFTER DELETE ON %I REFERENCING OLD TABLE AS before FOR EACH STATEMENT'
            ' EXECUTE FUNCTION tell_of_rows(%s)', watched, arguments);
        -- Nobody's answer shows a user before there is one.
        IF watched <> 'users' THEN
            EXECUTE format(
                'CREATE TRIGGER tells_of_inserts AFTER INSERT ON %I REFERENCING NEW TABLE AS after FOR EACH STATEMENT'
                ' EXECUTE FUNCTION tell_of_rows(%s)', watched, arguments);
        END IF;
        -- The progress of an ingest changes its row several times a second, and nothing that is shown to everybody; so does
        -- whatever an account changes beside its name.
        events := CASE watched WHEN 'assets' THEN 'status, duration_ms' WHEN 'users' THEN 'display_name' END;
        IF events IS NOT NULL THEN
            EXECUTE format(
                'CREATE TRIGGER tells_of_updates AFTER UPDATE OF %s ON %I FOR EACH ROW'
                ' EXECUTE FUNCTION tell_of_row(%s)', events, watched, arguments);
        ELSE
            EXECUTE format(
                'CREATE TRIGGER tells_of_updates AFTER UPDATE ON %I'
                ' REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT'
                ' EXECUTE FUNCTION tell_of_rows(%s)', watched, arguments);
        END IF;
    END LOOP;
END
$$;

-- Nothing that is shown is made of the renditions of an ingest.
DROP TRIGGER tells_of_change ON asset_renditions;
