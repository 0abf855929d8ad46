package api

import (
	"context"
	"errors"
	"slices"
)

// DeviceService is the node that runs here. Its Status leaves Workspaces empty
// and must answer before the start and while locked.
type DeviceService interface {
	Status(ctx context.Context) (Status, error)
	Unlock(ctx context.Context, passphrase string) error
	// Waiting lists the workspaces of which something is on this device alone.
	Waiting(ctx context.Context) ([]Waiting, error)
}

// ValueService keeps small settings, encrypted, on this device. An unknown name
// has the empty value.
type ValueService interface {
	Value(ctx context.Context, name string) (string, error)
	SetValue(ctx context.Context, name, value string) error
}

// Settings is the bound struct for this device.
type Settings struct {
	edge   *edge
	device DeviceService
	values ValueService
	teams  WorkspaceService
	doctor DoctorService

	lock       LockService
	protection ProtectionService
}

// Preferences belong to this device.
type Preferences struct {
	Language string `json:"language"` // en, fr or empty: the system's
	Theme    string `json:"theme"`    // light, dark or empty: the system's

	Dismissed string `json:"dismissed"` // names of the hints that are not shown again, one in a line
}

// Status says how the node is. It answers even while Parvis starts or is locked.
func (s *Settings) Status() (Status, error) {
	return run(s.edge.always(), "Settings.Status", func(ctx context.Context) (Status, error) {
		status, err := s.device.Status(ctx)
		if err != nil {
			return Status{}, err
		}
		if _, err := s.edge.life(); err == nil {
			status.Workspaces, err = s.teams.List(ctx)
			return statusDTO(status), err
		}
		return statusDTO(status), nil
	})
}

// Preferences reads the preferences of this device; while locked they are the
// system's.
func (s *Settings) Preferences() (Preferences, error) {
	preferences, err := run(s.edge, "Settings.Preferences", func(ctx context.Context) (Preferences, error) {
		language, err := s.values.Value(ctx, "language")
		theme, err2 := s.values.Value(ctx, "theme")
		dismissed, err3 := s.values.Value(ctx, "dismissed")
		return Preferences{Language: language, Theme: theme, Dismissed: dismissed}, errors.Join(err, err2, err3)
	})
	if known := (*Error)(nil); errors.As(err, &known) && known.Code == CodeLocked {
		return Preferences{}, nil
	}
	return preferences, err
}

// maxDismissed bounds the names of dismissed hints, in bytes.
const maxDismissed = 8 << 10

// SetPreferences keeps the preferences of this device.
func (s *Settings) SetPreferences(p Preferences) error {
	return act(s.edge, "Settings.SetPreferences", func(ctx context.Context) error {
		if !slices.Contains([]string{"", "en", "fr"}, p.Language) || !slices.Contains([]string{"", "light", "dark"}, p.Theme) {
			return errInvalid{"That language or theme does not exist. Choose one from the list."}
		}
		if len(p.Dismissed) > maxDismissed {
			return errInvalid{"Too many hints were dismissed. Reload the page and try again."}
		}
		return errors.Join(s.values.SetValue(ctx, "language", p.Language), s.values.SetValue(ctx, "theme", p.Theme),
			s.values.SetValue(ctx, "dismissed", p.Dismissed))
	})
}

// Unlock opens the data folder with its passphrase, or the words of the recovery key. Where
// only the keyring opens it, the keyring is asked again.
func (s *Settings) Unlock(passphrase string) error {
	return act(s.edge.always(), "Settings.Unlock", func(ctx context.Context) error {
		return s.device.Unlock(ctx, passphrase)
	})
}

// Waiting lists the workspaces of which something is on this device alone, and who
// waits for it. When there is none, Parvis can be closed without a thought.
func (s *Settings) Waiting() ([]Waiting, error) {
	return run(s.edge, "Settings.Waiting", func(ctx context.Context) ([]Waiting, error) {
		all, err := list(s.device.Waiting(ctx))
		for i := range all {
			all[i].People, _ = list(all[i].People, nil)
		}
		return all, err
	})
}
