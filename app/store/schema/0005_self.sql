-- What one person's devices share: the winning fact under each key. Everything here
-- is computed from envelopes and can be made again. The value is sealed together with
-- the rest of the row.
CREATE TABLE self_fact (
    ws      BLOB    NOT NULL, -- the workspace's id
    key     TEXT    NOT NULL, -- says nothing secret
    rank    BLOB    NOT NULL, -- the greatest, then the greatest lamport, then writer, counts
    lamport INTEGER NOT NULL,
    writer  BLOB    NOT NULL, -- the envelope
    value   BLOB    NOT NULL, -- sealed
    PRIMARY KEY (ws, key)
) STRICT, WITHOUT ROWID;
