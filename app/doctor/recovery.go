package doctor

import (
	"strconv"
	"time"
)

// backupOld is how old the last backup may be.
const backupOld = 30 * 24 * time.Hour

// checks says what a person should do before all devices are lost; nothing where there is
// nothing to lose yet.
func (r Recovery) checks() []Check {
	if !r.Needed {
		return nil
	}
	paper := say("recovery", OK, "recovery-saved")
	if r.Unsaved {
		paper = say("recovery", Warn, "recovery-unsaved")
	}
	days := strconv.Itoa(int(r.BackupAge / (24 * time.Hour)))
	switch {
	case !r.Backup:
		return []Check{paper, say("backup", Warn, "backup-never")}
	case r.BackupAge > backupOld:
		return []Check{paper, say("backup", Warn, "backup-old", days)}
	case r.BackupAge < 48*time.Hour:
		return []Check{paper, say("backup", OK, "backup-new")}
	}
	return []Check{paper, say("backup", OK, "backup-made", days)}
}
