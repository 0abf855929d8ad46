package store

import "math"

// DiskFull reports whether the last write found no room.
func (db *DB) DiskFull() bool { return db.reserve.isLow() || db.reserve.diskIsFull() }

// FreeSpace is how many bytes this user may still write on the disk of the data
// folder; negative when that cannot be read.
func (db *DB) FreeSpace() int64 {
	free, err := freeBytes(db.dir)
	if err != nil {
		return -1
	}
	return int64(min(free, math.MaxInt64))
}
