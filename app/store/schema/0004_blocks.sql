-- Files that spaces refer to. The reference is sealed together with the rest of
-- the row, so that the seal is also the row's hash. The blocks themselves are
-- files in the folder "blocks".
CREATE TABLE file (
    n      INTEGER NOT NULL PRIMARY KEY, -- the small number
    ws     BLOB    NOT NULL,             -- the workspace's id
    space  BLOB    NOT NULL,             -- 16 bytes
    root   BLOB    NOT NULL,             -- SHA-256 of the index block
    status INTEGER NOT NULL,             -- 1 known, 2 wanted, 3 whole, 4 damaged
    ref    BLOB    NOT NULL              -- sealed: the reference without its preview
) STRICT;
CREATE UNIQUE INDEX file_key ON file (ws, space, root);
CREATE INDEX file_status ON file (status);

-- Which blocks a file has: what may be given to whom. Can be computed again from
-- the index blocks.
CREATE TABLE file_block (
    block BLOB    NOT NULL, -- SHA-256 of the sealed bytes
    file  INTEGER NOT NULL,
    sum   BLOB    NOT NULL,
    PRIMARY KEY (block, file)
) STRICT, WITHOUT ROWID;
