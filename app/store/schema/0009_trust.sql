-- With whom the person at this device compared codes. What it says is sealed together
-- with the rest of the row. It is known here alone, and to the person's other devices.
CREATE TABLE trust (
    ws     BLOB NOT NULL, -- the workspace's id
    person BLOB NOT NULL, -- the other one
    record BLOB NOT NULL, -- sealed: when, how, and the devices that the person had
    PRIMARY KEY (ws, person)
) STRICT, WITHOUT ROWID;
