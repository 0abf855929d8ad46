package store

import "os"

// fill writes zeros, because a file made by Truncate alone holds no blocks on
// many file systems.
func fill(file *os.File, size int64) error {
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := file.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return file.Close()
}
