-- Everything here is computed from envelopes and can be made again, except for
-- what only this device knows: doc_local.

-- One row per document of one space. What its card says is sealed together with
-- the rest of the row, so that the seal is also the row's hash.
CREATE TABLE doc (
    doc     INTEGER NOT NULL PRIMARY KEY, -- the small number
    ws      BLOB    NOT NULL,             -- the workspace's id
    space   BLOB    NOT NULL,             -- 16 bytes
    id      BLOB    NOT NULL,             -- 16 bytes
    made    INTEGER NOT NULL,             -- 0: changes came before the document's creation
    content BLOB    NOT NULL              -- sealed: title, folder, trash, who and when
) STRICT;
CREATE UNIQUE INDEX doc_key ON doc (ws, space, id);

-- The actors that write in a document: one per device and session.
CREATE TABLE doc_actor (
    actor   INTEGER NOT NULL PRIMARY KEY, -- the small number
    doc     INTEGER NOT NULL REFERENCES doc (doc) ON DELETE CASCADE,
    content BLOB    NOT NULL              -- sealed: actor, device, person, session
) STRICT;
CREATE INDEX doc_actor_doc ON doc_actor (doc);

-- One row per Automerge change. content is sealed together with every column but
-- n, short and tag, so that the seal is also the row's hash. place and state
-- change; then the row is sealed anew.
CREATE TABLE doc_change (
    n        INTEGER NOT NULL PRIMARY KEY, -- order of arrival
    doc      INTEGER NOT NULL REFERENCES doc (doc) ON DELETE CASCADE,
    actor    INTEGER NOT NULL,             -- doc_actor
    seq      INTEGER NOT NULL,             -- of the actor, from 1
    short    INTEGER NOT NULL,             -- the first 8 bytes of hash: a small index
    hash     BLOB    NOT NULL,             -- of the change
    tag      INTEGER NOT NULL,             -- the first 8 bytes of envelope, should that be damaged
    envelope BLOB    NOT NULL,
    place    INTEGER NOT NULL,             -- causal order from 1, 0 while not complete
    state    INTEGER NOT NULL,             -- complete, open …: app/docs/storage.go
    content  BLOB    NOT NULL              -- sealed: time, operations, dependencies
) STRICT;
CREATE INDEX doc_change_slot ON doc_change (actor, seq);
CREATE INDEX doc_change_place ON doc_change (doc, place);
CREATE INDEX doc_change_short ON doc_change (short);
CREATE INDEX doc_change_bad ON doc_change (doc) WHERE state IN (255022540, 1016490435, 1722112665);

-- The bytes of changes that no snapshot holds yet.
CREATE TABLE doc_bytes (
    n    INTEGER NOT NULL PRIMARY KEY REFERENCES doc_change (n) ON DELETE CASCADE,
    data BLOB    NOT NULL -- sealed, bound to the change's hash
) STRICT;

-- The other envelopes of a document: cards, mentions, files, and changes that
-- break a rule. content is sealed together with every column but n, short and tag.
CREATE TABLE doc_note (
    n        INTEGER NOT NULL PRIMARY KEY, -- order of arrival
    doc      INTEGER NOT NULL REFERENCES doc (doc) ON DELETE CASCADE,
    short    INTEGER NOT NULL,             -- the first 8 bytes of envelope
    envelope BLOB    NOT NULL,
    op       INTEGER NOT NULL,             -- 0 change, 1 card, 2 mention, 3 files
    flags    INTEGER NOT NULL,             -- 1 mentions this person, 2 unusable
    content  BLOB    NOT NULL              -- sealed
) STRICT;
CREATE INDEX doc_note_doc ON doc_note (doc, op);
CREATE INDEX doc_note_short ON doc_note (short);
CREATE INDEX doc_note_flags ON doc_note (doc) WHERE flags <> 0;

-- What can be made again at any time: the saved state of a document, and what a
-- page shows before it has loaded it.
CREATE TABLE doc_cache (
    doc   INTEGER NOT NULL REFERENCES doc (doc) ON DELETE CASCADE,
    kind  INTEGER NOT NULL, -- 1 snapshot, 2 picture
    place INTEGER NOT NULL, -- a snapshot holds the changes up to it
    heads BLOB    NOT NULL, -- sealed
    data  BLOB    NOT NULL, -- sealed, bound to heads
    PRIMARY KEY (doc, kind)
) STRICT;

-- What only this device knows of a document.
CREATE TABLE doc_local (
    doc     INTEGER NOT NULL PRIMARY KEY REFERENCES doc (doc) ON DELETE CASCADE,
    content BLOB    NOT NULL -- sealed: starred, mentions seen
) STRICT;
