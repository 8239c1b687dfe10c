-- The tracks that were there before. Each is shared as it is read, so that none goes, or goes to another artist, before its
-- row is there; whoever writes a track waits for this.
INSERT INTO track_popularity (track_id, artist_id)
SELECT id, artist_id FROM tracks ORDER BY id FOR SHARE ON CONFLICT DO NOTHING;
