-- no transaction
-- Which licences and releases begin or end in a minute, without reading all of them.
DROP INDEX CONCURRENTLY IF EXISTS licences_beginning;
CREATE INDEX CONCURRENTLY licences_beginning ON licences (starts_at) WHERE starts_at > '-infinity';
DROP INDEX CONCURRENTLY IF EXISTS licences_ending;
CREATE INDEX CONCURRENTLY licences_ending ON licences (ends_at) WHERE ends_at < 'infinity';
DROP INDEX CONCURRENTLY IF EXISTS albums_going_live;
CREATE INDEX CONCURRENTLY albums_going_live ON albums (live_at) WHERE live_at IS NOT NULL;
