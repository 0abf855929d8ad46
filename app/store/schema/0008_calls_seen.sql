-- Whether a missed call was seen by this person on this device, in the row of its start. Like
-- declined it cannot be made again and is not in the sum. Those before count as seen.
ALTER TABLE call_record ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
UPDATE call_record SET seen = 1;
