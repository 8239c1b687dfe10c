-- Accounts, catalogue, uploads and assets. Keys are UUIDv7, made by the application, so they sort by creation.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    display_name text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('listener', 'artist', 'admin')),
    listening_private boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each refresh token ever issued and not yet expired. A family is one sign-in; a token of a family that is
-- presented twice revokes the family.
CREATE TABLE refresh_tokens (
    id uuid PRIMARY KEY,
    family_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_sha256 bytea NOT NULL UNIQUE,
    issued_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);

CREATE TABLE follows (
    follower_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    followed_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (follower_id, followed_id),
    CHECK (follower_id <> followed_id)
);
CREATE INDEX follows_followed ON follows (followed_id);

-- `search_text` is what a listener may type to find the row, case-folded and without diacritics, made by the
-- application: the name or title, and on a second line the names of the artist and of the album.
CREATE TABLE artists (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES users,
    name text NOT NULL,
    search_text text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX artists_owner ON artists (owner_id, id);
CREATE INDEX artists_search ON artists USING gin (to_tsvector('simple', search_text));

CREATE TABLE albums (
    id uuid PRIMARY KEY,
    artist_id uuid NOT NULL REFERENCES artists,
    title text NOT NULL,
    release_date date,
    search_text text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX albums_artist ON albums (artist_id, id);
CREATE INDEX albums_search ON albums USING gin (to_tsvector('simple', search_text));

CREATE TABLE tracks (
    id uuid PRIMARY KEY,
    artist_id uuid NOT NULL REFERENCES artists,
    album_id uuid REFERENCES albums,
    title text NOT NULL,
    isrc text CHECK (isrc ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'),
    disc_number integer NOT NULL DEFAULT 1 CHECK (disc_number > 0),
    track_number integer CHECK (track_number > 0),
    explicit boolean NOT NULL DEFAULT false,
    search_text text NOT NULL,
    asset_id uuid NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tracks_artist ON tracks (artist_id, id);
CREATE INDEX tracks_album ON tracks (album_id, disc_number, track_number, id);
CREATE INDEX tracks_search ON tracks USING gin (to_tsvector('simple', search_text));

-- A promise of a file: written by createUpload, kept by completeUpload.
CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    track_id uuid NOT NULL REFERENCES tracks ON DELETE CASCADE,
    object_key text NOT NULL UNIQUE,
    file_name text NOT NULL,
    content_type text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    completed_at timestamptz
);
CREATE INDEX uploads_track ON uploads (track_id, id);
CREATE INDEX uploads_sha256 ON uploads (user_id, sha256);

-- One row for each revision of a track's media; the row is the ingest's state and, once ready, what it measured.
-- A revision is visible to listeners when `status` is `ready`, and it becomes so once.
CREATE TABLE assets (
    asset_id uuid NOT NULL REFERENCES tracks (asset_id) ON DELETE CASCADE,
    revision integer NOT NULL CHECK (revision > 0),
    upload_id uuid NOT NULL UNIQUE REFERENCES uploads ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('queued', 'processing', 'ready', 'failed')),
    stage text NOT NULL DEFAULT 'queued',
    fraction real NOT NULL DEFAULT 0 CHECK (fraction BETWEEN 0 AND 1),
    failure_code text,
    attempts integer NOT NULL DEFAULT 0,
    duration_ms bigint,
    sample_rate_hz integer,
    channels integer,
    integrated_lufs real,
    true_peak_dbtp real,
    queued_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (asset_id, revision),
    CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
    CHECK (status <> 'ready' OR duration_ms IS NOT NULL)
);
