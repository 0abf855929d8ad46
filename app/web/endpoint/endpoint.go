// Package endpoint is the file by which the command line finds the running node
// of a data folder: <data>/endpoint.json. Only the user may read it, because
// whoever has the token may do everything that the window may.
package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Name is the name of the file in the data folder.
const Name = "endpoint.json"

// ErrNone reports that no node has left its address in the folder.
var ErrNone = errors.New("no " + Name)

// File is where a node listens.
type File struct {
	Host  string `json:"host"` // 127.0.0.1:port
	Token string `json:"token"`
	PID   int    `json:"pid"`
}

// Write replaces the file of a data folder in one step, mode 0600. On a full disk
// it writes over the file that is there, which needs no space.
func Write(data string, f File) error {
	content, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("write %s: %w", Name, err)
	}
	content = append(content, '\n')
	err = replace(data, content)
	if err != nil && overwrite(data, content) == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", Name, err)
	}
	return nil
}

func replace(data string, content []byte) error {
	temporary, err := os.CreateTemp(data, Name+".*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(data, Name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

// overwrite writes the new content over the old before it cuts the rest off.
func overwrite(data string, content []byte) error {
	file, err := os.OpenFile(filepath.Join(data, Name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Truncate(int64(len(content)))
	}
	return errors.Join(err, file.Close())
}

// Read finds the node of a data folder. The node may have died since.
func Read(data string) (File, error) {
	var f File
	content, err := os.ReadFile(filepath.Join(data, Name))
	if errors.Is(err, fs.ErrNotExist) {
		return f, ErrNone
	}
	if err != nil {
		return f, fmt.Errorf("read %s: %w", Name, err)
	}
	if err := json.Unmarshal(content, &f); err != nil {
		return f, fmt.Errorf("read %s: %w", Name, err)
	}
	return f, nil
}

// Remove deletes the file of a node that stops; one that another node has
// written since stays.
func Remove(data string, f File) error {
	if now, err := Read(data); err != nil || now.Token != f.Token {
		return nil
	}
	if err := os.Remove(filepath.Join(data, Name)); err != nil {
		return fmt.Errorf("remove %s: %w", Name, err)
	}
	return nil
}
