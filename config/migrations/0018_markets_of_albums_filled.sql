-- What is there already. Each release gets its row now, so that nobody holds the release itself to write the first.
SELECT derive_markets_of_albums(array_agg(DISTINCT album_id)) FROM tracks WHERE album_id IS NOT NULL;
