package smoke

import (
	"context"
	_ "embed" // the program that reads metadata
	"errors"
	"fmt"
	"strings"
	"time"

	"refit/internal/verify/builder"
)

// Installed is what an installed distribution of Python says of itself. Names are in PEP 503 form.
type Installed struct {
	Name, Version string
	Modules       []string // dotted for parts of namespace packages
	Complete      bool     // Modules are all that it has
	Commands      []string
	Requires      []string
	Extras        []string // what its extras require
	Loads         []string // those of the others that its code imports somewhere
	Compiled      bool     // it has compiled code, of which Loads does not tell
}

//go:embed metadata.py
var metadataProgram string

// Metadata asks an image's Python for the distributions in some directories.
func Metadata(ctx context.Context, result *builder.Result, plan *Plan, dirs []string) ([]Installed, error) {
	if plan.Python == "" {
		return nil, errors.New(noPython)
	}
	r := &runner{result: result, plan: plan}
	cmd, err := r.program(metadataProgram, map[string]any{"dirs": dirs})
	if err != nil {
		return nil, err
	}
	end, out, err := r.once(ctx, cmd, plan.Timeout+time.Minute)
	if err != nil {
		return nil, err
	}
	var list []Installed
	for _, l := range values[struct {
		Installed
		Error string
	}](out) {
		if l.Error != "" {
			return nil, errors.New(l.Error)
		}
		list = append(list, l.Installed)
	}
	if end.Code != 0 || end.TimedOut || len(list) == 0 {
		return nil, fmt.Errorf("reading metadata: Python %s: %s", end.String(), strings.Join(end.Log, " "))
	}
	return list, nil
}
