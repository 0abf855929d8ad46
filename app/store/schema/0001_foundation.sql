-- Every row ends in `sum`, the hash of its other columns (rowSum in value.go),
-- which is checked whenever the row is read. Ids are 32-byte blobs. Workspaces
-- and chains have small numbers, because they stand in every row of the large
-- tables and in their indexes.

-- The workspaces this folder knows. The id stands twice in the row: it is the
-- one thing no other row could give back.
CREATE TABLE workspace (
    ws     INTEGER NOT NULL PRIMARY KEY, -- the small number
    id     BLOB    NOT NULL,             -- the workspace's id; zero for what belongs to the whole node
    copy   BLOB    NOT NULL,             -- id again
    listed INTEGER NOT NULL,             -- 1: a workspace of this node; 0: only a name for its secrets
    sum    BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX workspace_id ON workspace (id);

-- Keys and other values nobody may read from the disk. Both copies hold the
-- same value, each sealed on its own under the storage key.
CREATE TABLE secret (
    ws    INTEGER NOT NULL REFERENCES workspace (ws),
    name  TEXT    NOT NULL, -- says nothing secret
    value BLOB    NOT NULL, -- sealed
    copy  BLOB    NOT NULL, -- sealed again; read when value is damaged
    sum   BLOB    NOT NULL,
    PRIMARY KEY (ws, name)
) STRICT, WITHOUT ROWID;

-- The order of the membership log: parents before children. It outlives a
-- damaged entry, so that the entry finds its place again when it is fetched.
CREATE TABLE log_order (
    n   INTEGER NOT NULL PRIMARY KEY,
    ws  INTEGER NOT NULL REFERENCES workspace (ws),
    id  BLOB    NOT NULL,
    sum BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_order_id ON log_order (ws, id);

-- The entries of the membership log, sealed under the workspace's log key.
CREATE TABLE log_entry (
    n      INTEGER NOT NULL PRIMARY KEY, -- as in log_order
    ws     INTEGER NOT NULL REFERENCES workspace (ws),
    id     BLOB    NOT NULL,
    sealed BLOB    NOT NULL,
    sum    BLOB    NOT NULL
) STRICT;

-- What travels beside the log, such as the wraps of an epoch.
CREATE TABLE blob (
    n    INTEGER NOT NULL PRIMARY KEY,
    ws   INTEGER NOT NULL REFERENCES workspace (ws),
    id   BLOB    NOT NULL,
    data BLOB    NOT NULL,
    sum  BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX blob_id ON blob (ws, id);

-- One row per device that writes in a space. It never changes.
CREATE TABLE chain (
    chain  INTEGER NOT NULL PRIMARY KEY, -- the small number
    ws     INTEGER NOT NULL REFERENCES workspace (ws),
    space  BLOB    NOT NULL,             -- 16 bytes
    device BLOB    NOT NULL,
    copy   BLOB    NOT NULL,             -- space and device again
    sum    BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX chain_key ON chain (ws, space, device);

-- How far each chain is stored. Can be computed again from the envelopes.
CREATE TABLE tail (
    chain INTEGER NOT NULL PRIMARY KEY REFERENCES chain (chain),
    seq   INTEGER NOT NULL, -- 1 to seq are here without a gap
    id    BLOB    NOT NULL, -- of the envelope at seq; zero when seq is 0
    high  INTEGER NOT NULL, -- the greatest seq ever stored
    sum   BLOB    NOT NULL
) STRICT;

-- Envelopes as they were received, already encrypted by their authors. Rows are
-- only added, so that a million of them cost one short append each. chain does
-- not reference its table: the check would cost a look-up per row.
CREATE TABLE envelope (
    n     INTEGER NOT NULL PRIMARY KEY, -- order of arrival
    chain INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    short INTEGER NOT NULL,             -- the first 6 bytes of id: a small index
    id    BLOB    NOT NULL,
    bytes BLOB    NOT NULL,             -- [payload, sig, ct]
    sum   BLOB    NOT NULL              -- also covers workspace, space and device
) STRICT;
CREATE INDEX envelope_seq ON envelope (chain, seq);
CREATE INDEX envelope_short ON envelope (short);

-- What became of an envelope that is not simply folded into its view. No row
-- here means applied.
CREATE TABLE envelope_state (
    n      INTEGER NOT NULL PRIMARY KEY REFERENCES envelope (n) ON DELETE CASCADE,
    chain  INTEGER NOT NULL,
    state  INTEGER NOT NULL, -- 1 waits for a key, 2 quarantined, 3 hidden
    reason BLOB    NOT NULL, -- sealed text
    sum    BLOB    NOT NULL
) STRICT;
CREATE INDEX envelope_state_state ON envelope_state (state, n);

-- What another device says it holds durably.
CREATE TABLE ack (
    ws     INTEGER NOT NULL REFERENCES workspace (ws),
    device BLOB    NOT NULL, -- who holds it
    chain  INTEGER NOT NULL REFERENCES chain (chain),
    seq    INTEGER NOT NULL,
    id     BLOB    NOT NULL,
    sum    BLOB    NOT NULL,
    PRIMARY KEY (ws, device, chain)
) STRICT, WITHOUT ROWID;

-- Where and when other devices were last reached.
CREATE TABLE address (
    ws     INTEGER NOT NULL REFERENCES workspace (ws),
    device BLOB    NOT NULL,
    addrs  BLOB    NOT NULL, -- sealed list of multiaddrs, one per line
    seen   INTEGER NOT NULL, -- Unix milliseconds, 0: never
    sum    BLOB    NOT NULL,
    PRIMARY KEY (ws, device)
) STRICT, WITHOUT ROWID;
