-- A little catalogue in which everything is connected. `{albums}` are the keys of all albums,
-- `{album}` is one of them.

INSERT INTO users (id, email, display_name, password_hash, role)
    SELECT key, key, 'Somebody', '', 'artist' FROM unnest({users}) AS key;
INSERT INTO images (id, owner_id, status, size_bytes, sha256, width_px, height_px, color, placeholder)
    SELECT key, {user}, 'ready', 1, sha256(key::text::bytea), 64, 64, '#000000', 'x' FROM unnest({images}) AS key;
INSERT INTO artists (id, owner_id, name, search_text) SELECT key, {user}, 'Band', 'band' FROM unnest({artists}) AS key;
INSERT INTO albums (id, artist_id, title, search_text)
    SELECT key, {artist}, 'Record', 'record' FROM unnest({albums}) AS key;
INSERT INTO genres (id, slug, name) SELECT key, key, 'Kind' FROM unnest({genres}) AS key;
INSERT INTO playlists (id, owner_id, name, folded_name, public)
    SELECT key, {user}, 'List', 'list', true FROM unnest({playlists}) AS key;
