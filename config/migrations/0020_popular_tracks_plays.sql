-- What was heard of them, under the rules of charts: five plays a day of one listener, none in private. What waits to be
-- counted is left to that.
INSERT INTO track_plays_waiting AS waiting (track_id, plays, score)
SELECT track_id, sum(plays), sum(plays * power(2, (day - date '2026-01-01') / 28.0::float8))
FROM (
    SELECT track_id, (played_at AT TIME ZONE 'UTC')::date AS day, least(count(*), 5) AS plays
    FROM plays AS play
    WHERE NOT private AND NOT EXISTS (SELECT FROM plays_waiting AS uncounted WHERE uncounted.id = play.id)
    GROUP BY track_id, user_id, day
) AS daily
GROUP BY track_id ORDER BY track_id
ON CONFLICT (track_id) DO UPDATE SET plays = waiting.plays + excluded.plays, score = waiting.score + excluded.score;
