-- One row per call envelope: a call was started, somebody joined, it ended. What a call
-- looks like is computed from its rows; all but declined can be made again.
CREATE TABLE call_record (
    ws       BLOB    NOT NULL, -- the workspace's id
    id       BLOB    NOT NULL, -- the envelope
    call     BLOB    NOT NULL, -- 16 bytes
    op       INTEGER NOT NULL, -- 0 start, 1 join, 2 end
    space    BLOB    NOT NULL, -- 16 bytes
    channel  BLOB    NOT NULL, -- 16 bytes
    person   BLOB    NOT NULL, -- the author
    at       INTEGER NOT NULL, -- Unix milliseconds, the author's clock
    hidden   INTEGER NOT NULL, -- beyond the fences of a removal
    declined INTEGER NOT NULL, -- this person did not want to join; only here
    sum      BLOB    NOT NULL, -- over all but declined
    PRIMARY KEY (ws, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_record_call ON call_record (ws, call);
CREATE INDEX call_record_start ON call_record (ws, channel, at) WHERE op = 0;
