-- Changes of the catalogue: one for each thing that an answer can be made of. `{track}` is the key of some track.

UPDATE artists SET name = '{word}', search_text = '{word}' WHERE id = {artist};
UPDATE artists SET image_id = {image} WHERE id = {artist};
INSERT INTO artist_profiles (artist_id, biography) VALUES ({artist}, '{word}')
    ON CONFLICT (artist_id) DO UPDATE SET biography = excluded.biography;
DELETE FROM artist_profiles WHERE artist_id = {artist};
UPDATE albums SET title = '{word}', search_text = '{word}' WHERE id = {album};
UPDATE albums SET artist_id = {artist} WHERE id = {album};
UPDATE albums SET image_id = {image} WHERE id = {album};
UPDATE albums SET integrated_lufs = -{number}, true_peak_dbtp = -{number} WHERE id = {album};
UPDATE albums SET state = 'withdrawn', live_at = NULL WHERE id = {album};
UPDATE albums SET state = 'draft', live_at = NULL WHERE id = {album};
UPDATE albums SET state = 'live', live_at = NULL WHERE id = {album};
UPDATE tracks SET title = '{word}', search_text = '{word}' WHERE id = {track};
UPDATE tracks SET album_id = {album} WHERE id = {track};
UPDATE tracks SET album_id = NULL WHERE id = {track};
UPDATE tracks SET artist_id = {artist} WHERE id = {track};
UPDATE tracks SET image_id = {image} WHERE id = {track};
UPDATE tracks SET track_number = {number} WHERE id = {track};
UPDATE tracks SET withdrawn_at = CASE WHEN withdrawn_at IS NULL THEN now() END WHERE id = {track};
DELETE FROM tracks WHERE id = {track};
INSERT INTO albums (id, artist_id, title, search_text) VALUES (gen_random_uuid(), {artist}, '{word}', '{word}');
INSERT INTO playlists (id, owner_id, name, folded_name, public)
    VALUES (gen_random_uuid(), {user}, '{word}', '{word}', true);
UPDATE track_popularity SET plays = 1000 * {number}, score = {number} WHERE track_id = {track};
INSERT INTO licences (id, track_id, market) VALUES (gen_random_uuid(), {track}, '{market}') ON CONFLICT DO NOTHING;
UPDATE licences SET ends_at = '2001-01-01' WHERE track_id = {track} AND ends_at > now();
UPDATE licences SET track_id = {track} WHERE id = (SELECT id FROM licences ORDER BY id LIMIT 1);
DELETE FROM licences WHERE track_id = {track};
UPDATE assets SET status = 'ready', duration_ms = {number}, integrated_lufs = -{number}, gain_db = {number},
    failure_code = NULL WHERE asset_id = (SELECT asset_id FROM tracks WHERE id = {track});
UPDATE assets SET status = 'failed', failure_code = 'corrupt'
    WHERE asset_id = (SELECT asset_id FROM tracks WHERE id = {track});
DELETE FROM assets WHERE asset_id = (SELECT asset_id FROM tracks WHERE id = {track});
INSERT INTO track_genres (genre_id, track_id, position) 
    SELECT {genre}, id, {number} FROM tracks WHERE id = {track} ON CONFLICT DO NOTHING;
DELETE FROM track_genres WHERE track_id = {track};
INSERT INTO album_genres (genre_id, album_id, position) VALUES ({genre}, {album}, {number}) ON CONFLICT DO NOTHING;
DELETE FROM album_genres WHERE album_id = {album};
UPDATE genres SET name = '{word}' WHERE id = {genre};
INSERT INTO track_credits (track_id, position, role, name, artist_id)
    SELECT id, {number}, 'composer', '{word}', {artist} FROM tracks WHERE id = {track} ON CONFLICT DO NOTHING;
UPDATE track_credits SET artist_id = {artist}, name = '{word}' WHERE track_id = {track};
DELETE FROM track_credits WHERE track_id = {track};
INSERT INTO track_lyrics (track_id, plain) SELECT id, '{word}' FROM tracks WHERE id = {track}
    ON CONFLICT (track_id) DO UPDATE SET plain = excluded.plain;
DELETE FROM track_lyrics WHERE track_id = {track};
UPDATE images SET color = '#0000{digits}' WHERE id = {image};
UPDATE images SET status = 'failed', failure_code = 'artwork_invalid' WHERE id = {image};
UPDATE images SET status = 'ready', failure_code = NULL WHERE id = {image};
UPDATE users SET display_name = '{word}' WHERE id = {user};
UPDATE playlists SET name = '{word}', folded_name = '{word}', revision = revision + 1 WHERE id = {playlist};
UPDATE playlists SET public = NOT public WHERE id = {playlist};
UPDATE playlists SET owner_id = {user} WHERE id = {playlist};
UPDATE playlists SET image_id = {image} WHERE id = {playlist};
INSERT INTO playlist_entries (id, playlist_id, track_id, position, added_by)
    VALUES (gen_random_uuid(), {playlist}, {track}, '{digits}00000{number}', {user});
UPDATE playlist_entries SET playlist_id = {playlist} WHERE id = (SELECT id FROM playlist_entries LIMIT 1);
DELETE FROM playlist_entries WHERE playlist_id = {playlist} AND track_id = {track};
