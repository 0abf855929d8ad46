-- The database of a super-peer (mailbox.db). Nothing in it can be read by whoever
-- has it: objects are sealed by the devices that put them there, tags are hashes.

-- What there is one of. The counts are kept because counting would take minutes.
CREATE TABLE state (
    one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    store    BLOB    NOT NULL, -- 16 random bytes; made anew when anything was lost
    total    INTEGER NOT NULL, -- bytes of all objects, with the overhead of each
    objects  INTEGER NOT NULL, -- how many there are
    arrivals INTEGER NOT NULL  -- how many refetchable ones ever came: the order of eviction
) STRICT;

-- One row per workspace and tag. Numbers are given once, so the last one outlives
-- its object.
CREATE TABLE box (
    box  INTEGER NOT NULL PRIMARY KEY, -- the small number
    ws   BLOB    NOT NULL,
    tag  BLOB    NOT NULL,
    last INTEGER NOT NULL,             -- the newest object's number
    sum  BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX box_tag ON box (ws, tag);

-- One row per device that ever put something here.
CREATE TABLE device (
    device INTEGER NOT NULL PRIMARY KEY, -- the small number
    peer   BLOB    NOT NULL,             -- its host key
    stored INTEGER NOT NULL,             -- bytes of its objects that are here
    day    INTEGER NOT NULL,             -- days since 1970, UTC
    today  INTEGER NOT NULL              -- bytes that came on that day
) STRICT;
CREATE UNIQUE INDEX device_peer ON device (peer);

-- The objects, those of one box beside each other: n = box * 2^40 + number.
CREATE TABLE object (
    n      INTEGER NOT NULL PRIMARY KEY,
    box    INTEGER NOT NULL,
    id     BLOB    NOT NULL,
    device INTEGER NOT NULL, -- who put it here first
    evict  INTEGER,          -- its place in the order of eviction; NULL: never
    size   INTEGER NOT NULL, -- of bytes, ahead of them so that a list reads no more
    sum    BLOB    NOT NULL,
    bytes  BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX object_id ON object (box, id);
CREATE INDEX object_evict ON object (evict) WHERE evict IS NOT NULL;

-- The access lists as they came, signed.
CREATE TABLE access (
    ws  BLOB NOT NULL PRIMARY KEY,
    raw BLOB NOT NULL,
    sum BLOB NOT NULL
) STRICT, WITHOUT ROWID;
