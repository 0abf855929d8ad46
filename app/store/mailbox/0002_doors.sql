-- What members leave for those who hold an open invitation, and whom a super-peer
-- let in because they showed one.

-- One row per invitation. The box is sealed to whoever holds the invitation; an
-- empty one says that the invitation is over.
CREATE TABLE door (
    ws      BLOB    NOT NULL,
    name    BLOB    NOT NULL, -- a hash; who made the invitation cannot be told from it
    counter INTEGER NOT NULL, -- of the box: a higher one replaces
    expires INTEGER NOT NULL, -- Unix milliseconds
    box     BLOB    NOT NULL,
    sum     BLOB    NOT NULL,
    PRIMARY KEY (ws, name)
) STRICT, WITHOUT ROWID;

-- The devices that knocked rightly and are in no access list yet.
CREATE TABLE newcomer (
    ws    BLOB    NOT NULL,
    peer  BLOB    NOT NULL, -- its host key
    door  BLOB    NOT NULL, -- where it came in
    until INTEGER NOT NULL, -- Unix milliseconds
    put   INTEGER NOT NULL, -- bytes that it brought, with the overhead of each object
    sum   BLOB    NOT NULL, -- put is left out: it only counts
    PRIMARY KEY (ws, peer)
) STRICT, WITHOUT ROWID;
