-- An upload that is sent in parts: the object store's id for it and the size of every part but the last. Both stay when
-- the parts have been put together, so that whoever comes second knows how the object came about.

ALTER TABLE uploads
    ADD COLUMN multipart_id text,
    ADD COLUMN part_bytes bigint CHECK (part_bytes > 0),
    ADD CONSTRAINT uploads_parts_have_a_size CHECK (multipart_id IS NULL OR part_bytes IS NOT NULL);
