package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAFileOpensWithItsKeyAndNoOther(t *testing.T) {
	secret, other := [32]byte(Random(32)), [32]byte(Random(32))
	to, err := FileRecipient(secret)
	if err != nil {
		t.Fatal(err)
	}
	plain := make([]byte, 200_000)
	_, _ = rand.Read(plain)
	var file bytes.Buffer
	w, err := SealFile(&file, to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(plain)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	read := func(open func(io.Reader) (io.Reader, error), from io.Reader) ([]byte, error) {
		r, err := open(from)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
	with := func(secret [32]byte) func(io.Reader) (io.Reader, error) {
		return func(r io.Reader) (io.Reader, error) { return OpenFile(r, FileIdentity(secret)) }
	}
	if got, err := read(with(secret), bytes.NewReader(file.Bytes())); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("opened %d bytes, %v", len(got), err)
	}
	if got, err := read(w.ReadBack, bytes.NewReader(file.Bytes())); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("read back %d bytes, %v", len(got), err)
	}
	if _, err := read(with(other), bytes.NewReader(file.Bytes())); !errors.Is(err, ErrFileKey) {
		t.Errorf("another key: %v", err)
	}
	if FileHasPassphrase(file.Bytes()) {
		t.Error("it has no passphrase")
	}
	for at := 0; at < file.Len(); at += 997 {
		bad := bytes.Clone(file.Bytes())
		bad[at] ^= 1
		if _, err := read(with(secret), bytes.NewReader(bad)); !errors.Is(err, ErrFile) && !errors.Is(err, ErrFileKey) {
			t.Fatalf("byte %d flipped: %v", at, err)
		}
	}
	for _, cut := range []int{0, 10, 1000, file.Len() - 1} {
		if _, err := read(with(secret), bytes.NewReader(file.Bytes()[:cut])); !errors.Is(err, ErrFile) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	broken := errors.New("no such disk")
	if _, err := read(with(secret), io.MultiReader(bytes.NewReader(file.Bytes()[:100_000]), failing{broken})); !errors.Is(err, broken) || errors.Is(err, ErrFile) {
		t.Errorf("a disk that fails: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAFileOpensWithItsPassphrase(t *testing.T) {
	var file bytes.Buffer
	w, err := SealFileWith(&file, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte("hello"))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if !FileHasPassphrase(file.Bytes()) {
		t.Error("it has a passphrase")
	}
	r, err := OpenFileWith(bytes.NewReader(file.Bytes()), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := OpenFileWith(bytes.NewReader(file.Bytes()), "wrong horse"); !errors.Is(err, ErrFileKey) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	dear := bytes.Replace(file.Bytes(), []byte(" 18\n"), []byte(" 22\n"), 1)
	if _, err := OpenFileWith(bytes.NewReader(dear), "correct horse"); err == nil {
		t.Error("a file may cost 4 GiB of memory")
	}
}

func TestBech32(t *testing.T) {
	// BIP 173, in both cases.
	for _, text := range []string{"A12UEL5L", "a12uel5l"} {
		if data, err := DecodeBech32("a", text); err != nil || len(data) != 0 {
			t.Errorf("%s: %x %v", text, data, err)
		}
	}
	for n := range 70 {
		data := Random(n)
		text := EncodeBech32("parvis-x-", data)
		if got, err := DecodeBech32("parvis-x-", text); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%x is read as %x, %v", data, got, err)
		}
		for at := range len(text) {
			if _, err := DecodeBech32("parvis-x-", text[:at]+"b"+text[at+1:]); err == nil {
				t.Errorf("%s with a b at %d was taken", text, at)
			}
		}
		if _, err := DecodeBech32("parvis-x-", strings.ToUpper(text[:8])+text[8:]); err == nil {
			t.Error("mixed cases were taken")
		}
	}
}

func FuzzDecodeBech32(f *testing.F) {
	f.Add("parvis-x-1qqqqqq")
	f.Add(EncodeBech32("parvis-x-", []byte("hello")))
	f.Fuzz(func(t *testing.T, text string) {
		data, err := DecodeBech32("parvis-x-", text)
		if err == nil && EncodeBech32("parvis-x-", data) != strings.ToLower(text) {
			t.Errorf("%q has another text", text)
		}
	})
}
