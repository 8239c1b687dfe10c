-- Writes that their callers may send again. A row is made and given its answer in one transaction, which is the write's
-- own, so nobody else ever sees one without an answer. What is a day old is removed by a schedule.
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL,
    key uuid NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    answer jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
