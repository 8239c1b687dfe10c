-- What the ingest measures of a master, beyond what a listener needs: figures of its loudness, warnings about its
-- quality, its tags as a proposal to the artist, and the vector that describes how it sounds.

ALTER TABLE assets
    ADD COLUMN bits_per_sample integer,
    ADD COLUMN sample_count bigint,
    -- The digest of the decoded samples: two files with the same audio have the same, whatever their container.
    ADD COLUMN pcm_sha256 bytea CHECK (length(pcm_sha256) = 32),
    ADD COLUMN mono_integrated_lufs real,
    ADD COLUMN loudness_range_lu real,
    ADD COLUMN max_momentary_lufs real,
    ADD COLUMN max_short_term_lufs real,
    ADD COLUMN sample_peak_dbfs real,
    ADD COLUMN warnings jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN proposed_tags jsonb;
CREATE INDEX assets_pcm_sha256 ON assets (pcm_sha256);

CREATE TABLE track_features (
    asset_id uuid NOT NULL,
    revision integer NOT NULL,
    version integer NOT NULL,
    tempo_bpm real,
    tempo_confidence real,
    musical_key text,
    key_confidence real,
    energy real,
    vector real[] NOT NULL,
    PRIMARY KEY (asset_id, revision),
    FOREIGN KEY (asset_id, revision) REFERENCES assets ON DELETE CASCADE
);

-- Gated over the union of its tracks' blocks; null until the first of them is ready.
ALTER TABLE albums
    ADD COLUMN integrated_lufs real,
    ADD COLUMN loudness_range_lu real,
    ADD COLUMN true_peak_dbtp real;
