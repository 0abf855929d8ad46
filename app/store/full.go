package store

// DiskFull reports whether the last write found no room.
func (db *DB) DiskFull() bool { return db.reserve.isLow() || db.reserve.diskIsFull() }
