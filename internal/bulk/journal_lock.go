package bulk

import (
	"context"
	"errors"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// What lies beside a journal.
const (
	lockSuffix = ".lock"
	redoSuffix = ".redo"
)

// lockPatience is how long a lock is waited for. A run that was killed while it
// started git leaves a child that holds the lock until it has become git.
const lockPatience = 2 * time.Second

// ErrLocked says that another run has the journal.
var ErrLocked = errors.New("another run of refit bulk is using it")

// takeLock takes the lock of a journal. The run before may have removed its file
// between our opening and our locking it: then that is no lock.
func takeLock(path string) (*flock.Flock, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	for {
		lock := flock.New(path, flock.SetPermissions(0o600))
		_, err := lock.TryLockContext(ctx, lockPatience/200)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return nil, errors.Join(ErrLocked, lock.Close())
		case err != nil:
			return nil, err
		}
		locked, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		if now, err := os.Stat(path); err == nil && os.SameFile(now, locked) {
			return lock, nil
		}
		if err := lock.Close(); err != nil {
			return nil, err
		}
	}
}

// dropLock gives the lock back and takes its file away, which Windows does not
// allow before.
func dropLock(lock *flock.Flock) error {
	if runtime.GOOS == "windows" {
		err := lock.Close()
		_ = os.Remove(lock.Path()) // another run may have it by now
		return err
	}
	return errors.Join(os.Remove(lock.Path()), lock.Close())
}
