-- An album of which nothing may be heard is not listed, so a licence of one of its tracks may open or close it for those who
-- have saved it: such a track is kept, too.
CREATE OR REPLACE FUNCTION track_is_kept(wanted uuid) RETURNS boolean STABLE LANGUAGE sql
RETURN coalesce((SELECT true FROM liked_tracks WHERE track_id = wanted LIMIT 1), false)
    OR coalesce((SELECT true FROM playlist_entries WHERE track_id = wanted LIMIT 1), false)
    OR coalesce((
        SELECT true FROM tracks AS track JOIN saved_albums AS saved ON saved.album_id = track.album_id
        WHERE track.id = wanted LIMIT 1
    ), false);
