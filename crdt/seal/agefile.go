package seal

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
)

// What opening a file fails with.
var (
	// ErrFileKey reports a file that another key or passphrase opens.
	ErrFileKey = errors.New("the key or passphrase does not open this file")
	// ErrFile reports bytes that are no file of age, or damaged ones.
	ErrFile = errors.New("not an age file, or a damaged one")
)

// A passphrase costs about a second and 256 MiB to write; what others wrote may cost
// four times that.
const (
	passphraseWork    = 18
	maxPassphraseWork = 20
)

// FileIdentity is the text of the age identity of a 32-byte secret: any age tool
// takes it.
func FileIdentity(secret [32]byte) string {
	return strings.ToUpper(EncodeBech32("age-secret-key-pq-", secret[:]))
}

// FileRecipient is the public part of FileIdentity, to which files are sealed.
func FileRecipient(secret [32]byte) (string, error) {
	identity, err := age.ParseHybridIdentity(FileIdentity(secret))
	if err != nil {
		return "", fmt.Errorf("age identity: %w", err)
	}
	return identity.Recipient().String(), nil
}

// FileSealer writes one age file. Close completes it.
type FileSealer struct {
	io.WriteCloser
	key []byte
}

// SealFile begins a file that the identities of the recipients open, and nobody else.
func SealFile(out io.Writer, recipients ...string) (*FileSealer, error) {
	var all []recipient
	for _, text := range recipients {
		to, err := age.ParseHybridRecipient(text)
		if err != nil {
			return nil, fmt.Errorf("seal file: %w", err)
		}
		all = append(all, to)
	}
	return sealFile(out, all...)
}

// SealFileWith begins a file that a passphrase opens.
func SealFileWith(out io.Writer, passphrase string) (*FileSealer, error) {
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, fmt.Errorf("seal file: %w", err)
	}
	to.SetWorkFactor(passphraseWork)
	return sealFile(out, to)
}

// recipient is what both kinds of recipients are.
type recipient interface {
	age.Recipient
	age.RecipientWithLabels
}

func sealFile(out io.Writer, recipients ...recipient) (*FileSealer, error) {
	var all []age.Recipient
	var first *noting
	for _, to := range recipients {
		noted := &noting{recipient: to}
		if first == nil {
			first = noted
		}
		all = append(all, noted)
	}
	w, err := age.Encrypt(out, all...)
	if err != nil {
		return nil, fmt.Errorf("seal file: %w", err)
	}
	return &FileSealer{w, first.key}, nil
}

// noting notes the key of the file that is being sealed, so that it can be read back
// where only the public part of the recipient is.
type noting struct {
	recipient
	key []byte
}

// WrapWithLabels implements [age.RecipientWithLabels].
func (n *noting) WrapWithLabels(key []byte) ([]*age.Stanza, []string, error) {
	n.key = slices.Clone(key)
	return n.recipient.WrapWithLabels(key)
}

// ReadBack opens what was just written, without the recipient's secret.
func (s *FileSealer) ReadBack(in io.Reader) (io.Reader, error) {
	return openFile(in, age.NewInjectedFileKeyIdentity(s.key))
}

// Forget zeroes the key of the file.
func (s *FileSealer) Forget() { clear(s.key) }

// OpenFile opens a file with an identity. What it returns fails with [ErrFile] where
// the file is damaged.
func OpenFile(in io.Reader, identity string) (io.Reader, error) {
	id, err := age.ParseHybridIdentity(identity)
	if err != nil {
		return nil, ErrFileKey
	}
	return openFile(in, id)
}

// OpenFileWith opens a file with a passphrase.
func OpenFileWith(in io.Reader, passphrase string) (io.Reader, error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, ErrFileKey
	}
	id.SetMaxWorkFactor(maxPassphraseWork)
	return openFile(in, id)
}

func openFile(in io.Reader, id age.Identity) (io.Reader, error) {
	source := &source{from: in}
	plain, err := age.Decrypt(source, id)
	switch {
	case err == nil:
		return &opened{plain, source}, nil
	case source.failed != nil:
		return nil, source.failed
	case errors.As(err, new(*age.NoIdentityMatchError)):
		return nil, ErrFileKey
	}
	return nil, fmt.Errorf("%w: %w", ErrFile, err)
}

// source remembers why reading failed, apart from the end.
type source struct {
	from   io.Reader
	failed error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	return n, err
}

// opened tells a damaged file from one that cannot be read.
type opened struct {
	plain  io.Reader
	source *source
}

// Read implements io.Reader.
func (o *opened) Read(p []byte) (int, error) {
	n, err := o.plain.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && o.source.failed == nil {
		err = fmt.Errorf("%w: %w", ErrFile, err)
	}
	return n, err
}

// FileHasPassphrase reports whether a file is opened by a passphrase; its beginning
// is enough.
func FileHasPassphrase(begin []byte) bool {
	return strings.HasPrefix(string(begin), "age-encryption.org/v1\n-> scrypt ")
}
