-- Playlists, share links, and the ledger of what changed in a listener's library.

-- `folded_name` is the name as it is sorted and searched, folded by the application. `revision` counts the writes, those
-- to the entries among them; its row is what writers of one playlist wait for.
CREATE TABLE playlists (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    folded_name text COLLATE "C" NOT NULL,
    description text NOT NULL DEFAULT '',
    public boolean NOT NULL DEFAULT false,
    image_id uuid REFERENCES images,
    revision integer NOT NULL DEFAULT 1 CHECK (revision > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX playlists_owner ON playlists (owner_id, id);
CREATE INDEX playlists_owner_updated ON playlists (owner_id, updated_at, id);
CREATE INDEX playlists_owner_name ON playlists (owner_id, folded_name, id);
CREATE INDEX playlists_image ON playlists (image_id) WHERE image_id IS NOT NULL;
CREATE INDEX playlists_search ON playlists USING gin (to_tsvector('simple', folded_name)) WHERE public;

-- A track's place in a playlist. Whoever deletes a track that stands in a hundred thousand playlists deletes one row, and
-- notes it for the upkeep (0010), which removes the entries in portions; they are not shown from the same moment on, for
-- reads join the track. Hence no foreign key. Places are compared as bytes and are never two of a kind, which is checked when a
-- statement is done, for a rebalance exchanges them among themselves.
CREATE TABLE playlist_entries (
    id uuid PRIMARY KEY,
    playlist_id uuid NOT NULL REFERENCES playlists ON DELETE CASCADE,
    track_id uuid NOT NULL,
    position text COLLATE "C" NOT NULL CHECK (length(position) BETWEEN 8 AND 48),
    added_at timestamptz NOT NULL DEFAULT now(),
    added_by uuid REFERENCES users ON DELETE SET NULL,
    CONSTRAINT playlist_entries_position UNIQUE (playlist_id, position) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX playlist_entries_track ON playlist_entries (track_id);
CREATE INDEX playlist_entries_added_by ON playlist_entries (added_by) WHERE added_by IS NOT NULL;

-- One link for each thing, made when somebody first asks for it. It outlives what it leads to, so that who follows it
-- later hears that it is gone.
CREATE TABLE share_links (
    slug text PRIMARY KEY,
    type_name text NOT NULL CHECK (type_name IN ('Album', 'Artist', 'Playlist', 'Track')),
    key uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (type_name, key)
);

-- The counter of one listener's changes, and the number up to which they were forgotten. The row is locked by whoever
-- records a change until the transaction ends, so numbers are committed in their order.
CREATE TABLE change_feeds (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    last_number bigint NOT NULL,
    forgotten_number bigint NOT NULL DEFAULT 0
);

-- The last change of each thing in a listener's library.
CREATE TABLE changes (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL,
    key uuid NOT NULL,
    number bigint NOT NULL,
    deleted boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, kind, key)
);
CREATE UNIQUE INDEX changes_number ON changes (user_id, number);

-- A playlist's name is copied into the libraries of those who follow it, and its follows go after it (0010).
CREATE TRIGGER playlists_renamed AFTER UPDATE OF folded_name ON playlists FOR EACH ROW
    WHEN (OLD.folded_name <> NEW.folded_name) EXECUTE FUNCTION note_for_upkeep('followed_playlist');
CREATE TRIGGER playlists_deleted AFTER DELETE ON playlists FOR EACH ROW
    EXECUTE FUNCTION note_for_upkeep('followed_playlist');
CREATE TRIGGER tracks_leave_playlists AFTER DELETE ON tracks FOR EACH ROW
    EXECUTE FUNCTION note_for_upkeep('playlist_entry');
