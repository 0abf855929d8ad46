-- Everything here is computed from envelopes and can be made again, except for
-- what only this device knows: chat_mark, chat_draft and setting.

-- One row per channel of a space. Names are sealed together with the rest of the
-- row, so that the seal is also the row's hash.
CREATE TABLE chat_channel (
    chan    INTEGER NOT NULL PRIMARY KEY, -- the small number
    ws      BLOB    NOT NULL,             -- the workspace's id
    space   BLOB    NOT NULL,             -- 16 bytes
    channel BLOB    NOT NULL,             -- 16 bytes
    made    INTEGER NOT NULL,             -- 0: messages came before the channel's creation
    lamport INTEGER NOT NULL,             -- of the operation that gave the name, 0: none
    writer  BLOB    NOT NULL,             -- its envelope
    name    BLOB    NOT NULL              -- sealed
) STRICT;
CREATE UNIQUE INDEX chat_channel_key ON chat_channel (ws, space, channel);

-- One row per chat envelope: a message, or an edit, deletion, reaction … of one.
-- Rows are only added; how a message looks now is computed from the rows about
-- it. content is sealed together with every column but n, short, about and
-- state, so that the seal is also the row's hash.
CREATE TABLE chat_message (
    n       INTEGER NOT NULL PRIMARY KEY, -- order of arrival
    chan    INTEGER NOT NULL,             -- chat_channel; no reference: it would cost a look-up per row
    lamport INTEGER NOT NULL,             -- place in the conversation, then id
    short   INTEGER NOT NULL,             -- the first 8 bytes of id: a small index
    id      BLOB    NOT NULL,             -- the envelope
    op      INTEGER NOT NULL,             -- 0 post, 1 edit, 2 delete, 3 react, 4 pin, 5 create, 6 rename
    about   INTEGER,                      -- the first 8 bytes of target
    target  BLOB,                         -- the message it is about, or answers in a thread
    flags   INTEGER NOT NULL,             -- 1 counts as unread, 2 mentions this person
    sent    INTEGER NOT NULL,             -- Unix milliseconds, the author's clock
    state   INTEGER NOT NULL,             -- complete, open or bad: app/chat/rows.go
    content BLOB    NOT NULL              -- sealed: author, device, seq, parents, text, mentions
) STRICT;
CREATE INDEX chat_message_short ON chat_message (short);
CREATE INDEX chat_message_place ON chat_message (chan, lamport, flags);
CREATE INDEX chat_message_about ON chat_message (about) WHERE about IS NOT NULL;
CREATE INDEX chat_message_open ON chat_message (chan) WHERE state = 1427098675;

-- How far a channel was read here.
CREATE TABLE chat_mark (
    chan    INTEGER NOT NULL PRIMARY KEY REFERENCES chat_channel (chan) ON DELETE CASCADE,
    n       INTEGER NOT NULL, -- what arrived later is unread
    lamport INTEGER NOT NULL, -- what stands later is unread
    id      BLOB    NOT NULL, -- the last message read
    sum     BLOB    NOT NULL
) STRICT;

-- Unsent text.
CREATE TABLE chat_draft (
    chan INTEGER NOT NULL PRIMARY KEY REFERENCES chat_channel (chan) ON DELETE CASCADE,
    text BLOB    NOT NULL -- sealed
) STRICT;

-- Names that people gave: of a person, a workspace or a space. The name is
-- sealed together with the rest of the row.
CREATE TABLE name (
    ws      BLOB    NOT NULL, -- the workspace's id
    what    INTEGER NOT NULL, -- 0 person, 1 workspace, 2 space
    target  BLOB    NOT NULL, -- whose name it is
    lamport INTEGER NOT NULL, -- the greatest, then the greatest writer, counts
    writer  BLOB    NOT NULL, -- the envelope
    name    BLOB    NOT NULL, -- sealed
    PRIMARY KEY (ws, what, target)
) STRICT, WITHOUT ROWID;

-- Small settings of this device, such as its language.
CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL -- sealed
) STRICT, WITHOUT ROWID;
