-- Images: a picture that an account sent, or that was found inside a master, drawn in several sizes and formats. The row
-- is the state of that work, and once ready what a client needs before it loads a file. A picture that an account sends
-- twice is one image, unless it failed.

CREATE TABLE images (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES users,
    status text NOT NULL CHECK (status IN ('announced', 'queued', 'processing', 'ready', 'failed')),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    failure_code text,
    attempts integer NOT NULL DEFAULT 0,
    -- Of the picture as it is shown, so after its orientation was applied.
    width_px integer,
    height_px integer,
    color text CHECK (color ~ '^#[0-9a-f]{6}$'),
    placeholder text,
    sizes jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
    CHECK ((status = 'announced') = (expires_at IS NOT NULL)),
    CHECK (status <> 'ready' OR (width_px > 0 AND height_px > 0 AND color IS NOT NULL AND placeholder IS NOT NULL))
);
CREATE UNIQUE INDEX images_content ON images (owner_id, sha256) WHERE status <> 'failed';

-- Artwork. An image is shown once it is ready; one that fails is taken off again by whoever fails it.
ALTER TABLE artists ADD COLUMN image_id uuid REFERENCES images;
ALTER TABLE albums ADD COLUMN image_id uuid REFERENCES images;
ALTER TABLE tracks ADD COLUMN image_id uuid REFERENCES images;
CREATE INDEX artists_image ON artists (image_id) WHERE image_id IS NOT NULL;
CREATE INDEX albums_image ON albums (image_id) WHERE image_id IS NOT NULL;
CREATE INDEX tracks_image ON tracks (image_id) WHERE image_id IS NOT NULL;

-- The picture inside a master, proposed to the artist.
ALTER TABLE assets ADD COLUMN proposed_image_id uuid REFERENCES images;
CREATE INDEX assets_proposed_image ON assets (proposed_image_id) WHERE proposed_image_id IS NOT NULL;
