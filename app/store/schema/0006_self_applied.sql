-- Whether a fact of another device is where it belongs. The rows that were there before
-- are: nobody knows better.
ALTER TABLE self_fact ADD COLUMN applied INTEGER NOT NULL DEFAULT 1;
