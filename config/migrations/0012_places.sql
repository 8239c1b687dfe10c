-- no transaction
-- Connections in the order in which they are paged: an index that has the parts of an order behind the parent's key gives
-- any page by one descent, however deep it lies.

-- The tracks of an album; one without a number comes last on its disc.
DROP INDEX CONCURRENTLY IF EXISTS tracks_album_place;
CREATE INDEX CONCURRENTLY tracks_album_place
    ON tracks (album_id, disc_number, (coalesce(track_number, 2147483647)), id);
DROP INDEX CONCURRENTLY IF EXISTS tracks_album;

-- The albums of an artist by their release; those without a day come last.
DROP INDEX CONCURRENTLY IF EXISTS albums_artist_released;
CREATE INDEX CONCURRENTLY albums_artist_released ON albums (artist_id, (coalesce(release_date, '-infinity')), id);

-- The genres of a track and of an album.
DROP INDEX CONCURRENTLY IF EXISTS track_genres_place;
CREATE INDEX CONCURRENTLY track_genres_place ON track_genres (track_id, position, genre_id);
DROP INDEX CONCURRENTLY IF EXISTS track_genres_track;
DROP INDEX CONCURRENTLY IF EXISTS album_genres_place;
CREATE INDEX CONCURRENTLY album_genres_place ON album_genres (album_id, position, genre_id);
DROP INDEX CONCURRENTLY IF EXISTS album_genres_album;

-- The licences of a track in the order in which they were added.
DROP INDEX CONCURRENTLY IF EXISTS licences_track;
CREATE INDEX CONCURRENTLY licences_track ON licences (track_id, id);
