package lock

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Broken says where a lock file breaks the rules of TOML or JSON, so that the tool
// that it belongs to cannot read it either; nil where it does not. What is not a lock
// file by its name is not looked at.
func Broken(fsys fs.FS, name string) error {
	format := FormatOf(name)
	if format == Requirements {
		return nil
	}
	text, err := readText(fsys, name)
	if err != nil {
		return err
	}
	if format != Pipfile {
		return (&source{fsys, name, text}).decode(&map[string]any{})
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal([]byte(text), &map[string]any{}); errors.As(err, &syntax) {
		return fmt.Errorf("%s:%d: %w", name, 1+strings.Count(text[:min(int(syntax.Offset), len(text))], "\n"), err)
	}
	return nil
}
