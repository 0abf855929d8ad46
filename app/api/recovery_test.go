package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
)

// drawer answers the calls about recovery.
type drawer struct{ *services }

func (s drawer) Recovery(context.Context) (api.Recovery, error) {
	return api.Recovery{Paper: api.PaperUnsaved}, s.call("recovery")
}
func (s drawer) Paper(_ context.Context, language string) (api.PaperKey, error) {
	return api.PaperKey{Words: []string{"zoo"}, Ask: []int{1}}, s.call("paper %s", language)
}
func (s drawer) ConfirmPaper(_ context.Context, typed string) error {
	return s.call("confirm %s", typed)
}
func (s drawer) RemoveLost(_ context.Context, device, words string) error {
	return s.call("remove %s with %s", device, words)
}
func (s drawer) Backup(_ context.Context, to api.NewBackup) (api.BackupMade, error) {
	return api.BackupMade{Path: to.Path}, s.call("backup %s", to.Path)
}
func (s drawer) Restore(_ context.Context, from api.Restore) (api.Restored, error) {
	return api.Restored{}, s.call("restore %s with %s", from.Path, from.Words)
}
func (s drawer) OfferReturn(_ context.Context, ws string) (api.ReturnLink, error) {
	return api.ReturnLink{Link: "parvis://return#x"}, s.call("offer %s", ws)
}
func (s drawer) Return(_ context.Context, back api.Return, wait time.Duration) (api.Workspace, error) {
	return api.Workspace{}, s.call("return by %s within %s", back.Link, wait)
}

func TestCallsAboutRecoveryReachTheServices(t *testing.T) {
	s := &services{}
	a := api.New(api.Config{Paper: drawer{s}, Backups: drawer{s}, Returns: drawer{s}, Life: func() (context.Context, error) { return t.Context(), nil }})
	for _, c := range []struct {
		method, result, reached string
		args                    []string
	}{
		{"Recoveries.Status", `{"paper":"unsaved"`, "recovery", nil},
		{"Recoveries.Show", `{"words":["zoo"],"text":"","ask":[1]}`, "paper fr", []string{`"fr"`}},
		{"Recoveries.Confirm", "null", "confirm zoo", []string{`"zoo"`}},
		{"Recoveries.RemoveLost", "null", "remove d with zoo", []string{`"d"`, `"zoo"`}},
		{"Recoveries.Backup", `{"path":"/b.age"`, "backup /b.age", []string{`{"path":"/b.age"}`}},
		{"Recoveries.Restore", `{"made":0,"workspaces":[]}`, "restore /b.age with zoo", []string{`{"path":"/b.age","words":"zoo"}`}},
		{"Recoveries.Offer", `{"link":"parvis://return#x"`, "offer w", []string{`"w"`}},
		{"Recoveries.Return", `{"id":""`, "return by x within 2s", []string{`{"link":"x","waitMs":2000}`}},
	} {
		s.calls = nil
		result, failure := call(a, c.method, c.args...)
		if failure != nil || !strings.HasPrefix(result, c.result) || !slices.Equal(s.calls, []string{c.reached}) {
			t.Errorf("%s: %s, %v, reached %q; want %s and %q", c.method, result, failure, s.calls, c.result, c.reached)
		}
	}
}
