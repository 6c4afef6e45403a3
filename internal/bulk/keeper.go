package bulk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// keeper puts on the disk what was made of repositories, and then says so in the
// journal: what the journal has of a patch was there before, even if the power
// fails. Workers do not wait for the disk. It takes at a time what comes in a while,
// for the file system holds up the others each time it is asked to write.
type keeper struct {
	journal *Journal
	queue   chan *keeping
	ended   sync.WaitGroup
}

// keeping is a line that is to be kept.
type keeping struct {
	line *line
	ref  string // the file of a branch; "" for none
	done func(*Record)
}

// maxBatch is how much is kept at a time, and batchTime how long it is waited for.
const (
	maxBatch  = 64
	batchTime = 100 * time.Millisecond
)

func newKeeper(j *Journal) *keeper {
	k := &keeper{journal: j, queue: make(chan *keeping, maxBatch)}
	k.ended.Go(func() {
		for first := range k.queue {
			k.batch(k.more([]*keeping{first}))
		}
	})
	return k
}

// keep keeps a repository's line, its patch and the file of its branch, and says
// when it has; with nil, that the journal cannot.
func (k *keeper) keep(l *line, ref string, done func(*Record)) { k.queue <- &keeping{l, ref, done} }

// end says that nothing more will come.
func (k *keeper) end() { close(k.queue) }

// wait waits, after the end, until everything is kept.
func (k *keeper) wait() { k.ended.Wait() }

// more takes what else comes in a while.
func (k *keeper) more(batch []*keeping) []*keeping {
	enough := time.NewTimer(batchTime)
	defer enough.Stop()
	for len(batch) < maxBatch {
		select {
		case next, ok := <-k.queue:
			if !ok {
				return batch
			}
			batch = append(batch, next)
		case <-enough.C:
			return batch
		}
	}
	return batch
}

// batch keeps some lines. The disk takes many files in the time of one.
func (k *keeper) batch(batch []*keeping) {
	var repositories sync.WaitGroup
	dirs := map[string]bool{}
	for _, b := range batch {
		if b.line.Done.Patch != "" {
			dirs[filepath.Dir(b.line.Done.Patch)] = true
		}
		repositories.Go(func() {
			if err := b.sync(); err != nil {
				b.line.Done.fail(err)
			}
		})
	}
	for dir := range dirs {
		repositories.Go(func() { syncDir(dir) })
	}
	repositories.Wait()
	for _, b := range batch {
		_ = k.journal.append(b.line) // sync says so, too
	}
	err := k.journal.sync()
	for _, b := range batch {
		if err != nil { // the run ends with it; the next one sees what the journal has
			b.done(nil)
			continue
		}
		b.done(b.line.Done)
	}
}

// sync puts what was made of a repository on the disk.
func (b *keeping) sync() error {
	if b.line.Done.Patch != "" {
		if err := syncFile(b.line.Done.Patch); err != nil {
			return fmt.Errorf("keep the patch: %w", err)
		}
	}
	if b.ref != "" {
		// git may have packed it since, and seen to that.
		if err := syncFile(b.ref); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keep the branch: %w", err)
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if err2 := f.Close(); err == nil {
		err = err2
	}
	return err
}

// syncDir puts the names in a directory on the disk, where the system can.
func syncDir(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync() // Windows and some file systems have no such thing
		_ = d.Close()
	}
}
