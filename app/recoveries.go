package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"parvis/app/api"
	"parvis/app/recovery"
	"parvis/app/self"
	"parvis/app/store/keyslots"
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/paper"
	"parvis/crdt/seal"
)

// recoveries tells the api about the paper key, and brings people back.
type recoveries struct{ app *App }

func (a *App) newRecovery() *recovery.Service {
	return &recovery.Service{
		Store: a.db, Now: a.config.Now,
		Slot: func(_ context.Context, key seal.Key) error {
			return keyslots.AddRecovery(a.config.Data, a.db.StorageKey(), key)
		},
		Changed: func() {
			a.sharePapers()
			a.device.publish()
		},
	}
}

// mayInvite refuses invitations of a founder who could lose the workspace with the
// computer it is on (protocol 2.2).
func (r recoveries) mayInvite(ctx context.Context, w *workspace.Workspace) error {
	key, needs := w.NeedsPaper()
	if !needs {
		return nil
	}
	saved, err := r.app.recovery.Saved(ctx, key)
	if err == nil && !saved {
		err = errPaperUnsaved
	}
	return err
}

// errPaperUnsaved reports an invitation before the recovery key was saved.
var errPaperUnsaved = errors.New("the recovery key was not saved yet")

// lastBackup is the setting that says when and where the last backup was written.
const lastBackup = "backup"

// Recovery implements [api.PaperService].
func (r recoveries) Recovery(ctx context.Context) (api.Recovery, error) {
	status := api.Recovery{Paper: api.PaperNone, Suggested: suggested(r.app.config.Now())}
	papers, err := r.app.recovery.Papers(ctx)
	if err != nil {
		return status, err
	}
	known := map[seal.ID]recovery.Paper{}
	for _, p := range papers {
		known[p.Key] = p
	}
	for _, w := range r.app.manager.List() {
		key, has := w.RecoveryKey()
		if !has {
			if !w.Ready() && len(papers) > 0 { // a join that goes on has one too
				key = papers[0].Key
			} else {
				continue
			}
		}
		p := known[key]
		state := api.PaperElsewhere
		switch {
		case p.Saved > 0:
			state = api.PaperSaved
		case p.Here:
			state = api.PaperUnsaved
		}
		if worse(state, status.Paper) {
			status.Paper = state
		}
		status.Saved = max(status.Saved, p.Saved)
		if r.mayInvite(ctx, w) != nil {
			status.Needed = true
		}
		if waits, err := r.app.manager.Returning(ctx, w); err == nil && waits {
			status.Returning = append(status.Returning, w.ID().String())
		}
	}
	if status.Paper != api.PaperSaved {
		status.Saved = 0
	}
	made, err := r.lastBackup(ctx)
	status.Backup, status.BackupPath, status.BackupBytes = made.Made, made.Path, made.Bytes
	return status, err
}

// worse orders the states by what a person has to do.
func worse(a, b string) bool {
	order := map[string]int{api.PaperNone: 0, api.PaperSaved: 1, api.PaperElsewhere: 2, api.PaperUnsaved: 3}
	return order[a] > order[b]
}

func (r recoveries) lastBackup(ctx context.Context) (made api.BackupMade, err error) {
	value, err := r.app.db.Settings().Value(ctx, lastBackup)
	if err != nil || value == "" {
		return made, err
	}
	_ = json.Unmarshal([]byte(value), &made) // of a later version: as if there were none
	return made, nil
}

// suggested is a place for a backup.
func suggested(now time.Time) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	for _, folder := range []string{"Documents", ""} {
		if info, err := os.Stat(filepath.Join(home, folder)); err == nil && info.IsDir() {
			return filepath.Join(home, folder, "parvis-"+now.Format("2006-01-02")+".age")
		}
	}
	return ""
}

// Paper implements [api.PaperService].
func (r recoveries) Paper(ctx context.Context, language string) (api.PaperKey, error) {
	key, err := r.app.recovery.Show(ctx)
	if err != nil {
		return api.PaperKey{}, err
	}
	return api.PaperKey{Words: key.Words(paper.Language(language)), Text: key.Text(), Ask: key.Ask()}, nil
}

// ConfirmPaper implements [api.PaperService].
func (r recoveries) ConfirmPaper(ctx context.Context, typed string) error {
	return r.app.recovery.Confirm(ctx, typed)
}

// RemoveLost implements [api.PaperService].
func (r recoveries) RemoveLost(ctx context.Context, device, words string) error {
	id, err := parseDevice(device)
	if err != nil {
		return err
	}
	key, err := readPaper(words)
	if err != nil {
		return err
	}
	return r.app.manager.RemoveLost(ctx, key, id)
}

// openWithPaper opens a data folder with the words of the recovery key in place of its
// passphrase; failed is why that did not fit.
func openWithPaper(data, typed string, failed error) (seal.Key, keyslots.Protection, error) {
	key, err := readPaper(typed)
	if errors.Is(err, paper.ErrCount) {
		return seal.Key{}, "", failed // they typed a passphrase
	}
	if err != nil {
		return seal.Key{}, "", err
	}
	opened, err := keyslots.OpenRecovery(data, key.Slot())
	if err != nil {
		return seal.Key{}, "", err
	}
	kinds, err := keyslots.List(data)
	if err == nil && slices.Contains(kinds, keyslots.Passphrase) {
		return opened, keyslots.Passphrase, nil
	}
	return opened, keyslots.Recovery, err
}

// AgeIdentity is what any age tool opens backups with, of the words of a recovery key.
func AgeIdentity(words string) (string, error) {
	key, err := readPaper(words)
	if err != nil {
		return "", err
	}
	return key.Identity(), nil
}

// readPaper reads a recovery key that was typed, and says what is wrong with it.
func readPaper(words string) (paper.Key, error) {
	key, err := paper.Parse(words)
	if unknown, ok := errors.AsType[*paper.UnknownWord](err); ok {
		return key, &api.Error{Code: api.CodePaperWrong, Message: fmt.Sprintf("Word %d of the recovery key, %q, does not exist. Look at your paper again.", unknown.Place, unknown.Word)}
	}
	return key, err
}

// OfferReturn implements [api.ReturnService].
func (r recoveries) OfferReturn(ctx context.Context, ws string) (api.ReturnLink, error) {
	w, err := r.app.teams.get(ws)
	if err != nil {
		return api.ReturnLink{}, err
	}
	link, err := r.app.manager.OfferReturn(ctx, w)
	return api.ReturnLink{Link: link.String(), Expires: int64(link.Expires) * time.Minute.Milliseconds()}, err
}

// Return implements [api.ReturnService].
func (r recoveries) Return(ctx context.Context, back api.Return, wait time.Duration) (api.Workspace, error) {
	key, err := readPaper(back.Words)
	if err != nil {
		return api.Workspace{}, err
	}
	w, err := r.app.manager.Return(ctx, back.Link, key, wait)
	if err != nil {
		return api.Workspace{}, misplaced(back.Link, err)
	}
	if err := r.app.recovery.Keep(ctx, key); err != nil {
		return api.Workspace{}, err
	}
	return r.app.teams.describe(w), nil
}

// keyPaper is the key of what a person's devices share of a paper key.
const keyPaper = "paper/"

// sharedPaper is its value.
type sharedPaper struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Recipient string
	Made      int64
	Saved     int64
}

// papers are the facts about the paper key of a workspace's person, for the other
// devices.
func (a *App) papers(ctx context.Context, w *workspace.Workspace) ([]self.Fact, error) {
	key, has := w.RecoveryKey()
	known, err := a.recovery.Papers(ctx)
	if err != nil || !has {
		return nil, err
	}
	for _, p := range known {
		if p.Key != key {
			continue
		}
		value, err := seal.Encode(sharedPaper{V: 1, Recipient: p.Recipient, Made: p.Made, Saved: p.Saved})
		return []self.Fact{{Key: keyPaper + key.String(), Value: value}}, err
	}
	return nil, nil
}

// sharePapers tells the own other devices.
func (a *App) sharePapers() {
	ctx := context.Background()
	for _, w := range a.manager.List() {
		facts, err := a.papers(ctx, w)
		if err != nil {
			a.config.Log.Warn("share the recovery key's public part", "err", err)
			return
		}
		for _, f := range facts {
			a.self.Put(w.ID(), f)
		}
	}
}

// paperArrived takes what another device shared.
func (a *App) paperArrived(ctx context.Context, key string, value []byte) error {
	id, err := seal.ParseID(key)
	shared, bad := seal.Decode[sharedPaper](value)
	if cmp.Or(err, bad) != nil || shared.V != 1 {
		return nil
	}
	return a.recovery.Learn(ctx, recovery.Paper{Key: id, Recipient: shared.Recipient, Made: shared.Made, Saved: shared.Saved})
}

// recoveryMeanings name the errors of recovery.
func recoveryMeanings() []api.Meaning {
	return []api.Meaning{
		{Of: errPaperUnsaved, Code: api.CodePaperUnsaved, Message: "Save your recovery key before you invite anybody: without it the workspace is lost when this computer is. See Settings, Recovery, or: parvis recovery show"},
		{Of: recovery.ErrWrong, Code: api.CodePaperWrong, Message: "These are not the words of the recovery key. Look at what you wrote down, and at the numbers of the words that are asked for."},
		{Of: recovery.ErrGone, Code: api.CodeNotFound, Message: "The recovery key is not on this computer: it was saved and removed, it was made on another device, or there is no workspace yet."},
		{Of: paper.ErrCount, Code: api.CodePaperWrong, Message: "A recovery key has 24 words. Type all of them, in their order."},
		{Of: paper.ErrChecksum, Code: api.CodePaperWrong, Message: "These words are not a recovery key: one of them is wrong, or two were exchanged. Look at your paper again."},
		{Of: paper.ErrText, Code: api.CodePaperWrong, Message: "This line is not a complete recovery key. Copy all of it, or type the 24 words."},
		{Of: workspace.ErrOthers, Code: api.CodeRefused, Message: "This recovery key belongs to somebody else in this workspace. With it, lost devices are removed on a computer of that person."},
		{Of: workspace.ErrNotYours, Code: api.CodeRefused, Message: "This recovery key belongs to nobody in this workspace, or its person was removed. Ask an admin to invite you again."},
		{Of: workspace.ErrUnknownYet, Code: api.CodeOffline, Message: "The others do not know this device yet, so for them nothing would be removed. Try again once one of them was reached: parvis recovery status"},
		{Of: workspace.ErrBehind, Code: api.CodeRefused, Message: "Not everything that the lost device wrote has arrived here yet; what is missing would be hidden from everybody. Keep Parvis open until it has arrived, and try again."},
		{Of: workspace.ErrNobodyAnswers, Code: api.CodeOffline, Message: "Nobody answered. Ask the member who made the link to keep Parvis open, and try again; a link is good for a day."},
		{Of: member.ErrReturnLinkBroken, Code: api.CodeLinkBroken, Message: "This link for coming back is damaged or incomplete. Copy the whole link again, or ask a member for a new one: Settings, Recovery, or: parvis recovery link"},
		{Of: member.ErrReturnLinkNewer, Code: api.CodeLinkNewer, Message: "This link was made by a newer version of Parvis. Update Parvis and open it again."},
	}
}
