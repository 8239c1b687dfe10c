-- The tracks that are not there, or not any more, each with a master that is ready.

INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)
    SELECT key, {artist}, {album}, '{word}', '{word}', key FROM unnest({tracks}) AS key ON CONFLICT DO NOTHING;
INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256, expires_at)
    SELECT key, {user}, key, key, 'a.wav', 'audio/wav', 1, sha256(''), now() FROM unnest({tracks}) AS key
    ON CONFLICT DO NOTHING;
INSERT INTO assets (asset_id, revision, upload_id, status, duration_ms)
    SELECT key, 1, key, 'ready', 1000 FROM unnest({tracks}) AS key ON CONFLICT DO NOTHING;
