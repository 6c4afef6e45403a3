package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"refit/internal/bulk"
	"refit/internal/report"
)

// journalOf is where a run keeps its journal that --journal names none for: among
// the user's own files, where no repository can have brought one, by what makes it
// the same command. The same list in the same directory, kept in the same way, goes
// on; how many workers there are, how it is reported, and by which passes does not
// matter: lines of the journal that other passes wrote do not hold.
func (o *options) journalOf() (string, error) {
	dir, err := stateDir()
	if err != nil {
		return "", fmt.Errorf("no place for the journal: %w; --journal FILE names one", err)
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	b := &o.bulk
	from := make([]string, len(b.from))
	for i, name := range b.from {
		if from[i] = name; name != "-" {
			from[i] = absolute(name)
		}
	}
	same := fmt.Sprintf("%q %q %q %q %q %q %q %v", here, o.paths, from, b.shardText, absolute(b.patch), b.branch, absolute(b.clone), o.write)
	return filepath.Join(dir, "refit", "bulk", fmt.Sprintf("%x", sha256.Sum256([]byte(same)))[:16]+".jsonl"), nil
}

// stateDir is where programs keep what is to last from one run to the next: the
// XDG Base Directory Specification, and its like on other systems.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) { // else it is to be passed over
		return dir, nil
	}
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // %LocalAppData%
	case "darwin", "ios":
		return os.UserConfigDir() // ~/Library/Application Support
	}
	home, err := os.UserHomeDir()
	if err == nil && !filepath.IsAbs(home) {
		err = errors.New("$HOME is not an absolute path")
	}
	return filepath.Join(home, ".local", "state"), err
}

// openJournal opens the journal of a run, and says where it is if the user did not.
func (b *bulker) openJournal() (*bulk.Journal, error) {
	o := &b.opt.bulk
	if o.ownJournal {
		if err := os.MkdirAll(filepath.Dir(o.journal), 0o700); err != nil {
			return nil, fmt.Errorf("no place for the journal: %w; --journal FILE names one", err)
		}
	}
	j, err := bulk.OpenJournal(o.journal)
	if err == nil && o.ownJournal && !b.opt.quiet {
		b.errs.printf("journal: %s, until all is done; the same command goes on from there\n", report.Clean(o.journal))
	}
	return j, err
}

// endJournal keeps a journal that there is still use for: one with a name of the
// user's, and one of a run that was interrupted or has to come back to something.
func (b *bulker) endJournal(j *bulk.Journal) error {
	if b.opt.bulk.ownJournal && (b.complete || j.Empty()) {
		return j.Remove()
	}
	return j.Close()
}
