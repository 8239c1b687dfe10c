-- no transaction
-- The follows of a listener by date and by name, and the followers of one listener in the order of their keys.
DROP INDEX CONCURRENTLY IF EXISTS follows_by_date;
CREATE INDEX CONCURRENTLY follows_by_date ON follows (follower_id, created_at, followed_id);
DROP INDEX CONCURRENTLY IF EXISTS follows_by_name;
CREATE INDEX CONCURRENTLY follows_by_name ON follows (follower_id, sort_name, followed_id);
DROP INDEX CONCURRENTLY IF EXISTS follows_followed_follower;
CREATE INDEX CONCURRENTLY follows_followed_follower ON follows (followed_id, follower_id);
DROP INDEX CONCURRENTLY IF EXISTS follows_followed;
