"""The change feed: what has changed in a listener's library since a cursor, so that nobody loads all of it twice."""
