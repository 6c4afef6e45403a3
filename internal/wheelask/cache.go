package wheelask

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// How long answers are believed. A wheel that was there stays there; one that was
// missing, or a requirement that no version fixes, may change any day.
const (
	foundFor   = 30 * 24 * time.Hour
	missingFor = 24 * time.Hour
)

// Cache keeps answers in a directory, one file each. A nil Cache keeps none. What
// cannot be read or written is asked again.
type Cache struct {
	Dir     string
	Refresh bool // nothing that is there counts
	Now     func() time.Time
}

// UserCache is in the user's cache directory; nil where there is none.
func UserCache(refresh bool) *Cache {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return &Cache{Dir: filepath.Join(dir, "refit", "wheels"), Refresh: refresh, Now: time.Now}
}

// cached is a file of the cache.
type cached struct {
	Until  time.Time `json:"until"`
	Answer Answer    `json:"answer"`
}

// path is the file of a key, whose text has build arguments in it and is not kept.
func (c *Cache) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:])+".json")
}

func (c *Cache) get(key string) (Answer, bool) {
	if c == nil || c.Refresh {
		return Answer{}, false
	}
	text, err := os.ReadFile(c.path(key))
	if err != nil {
		return Answer{}, false
	}
	var entry cached
	if json.Unmarshal(text, &entry) != nil {
		return Answer{}, false
	}
	return entry.Answer, c.Now().Before(entry.Until)
}

// put remembers an answer; final says that the want names one version. What pip
// could not tell is no answer.
func (c *Cache) put(key string, answer Answer, final bool) {
	if c == nil || answer.Error != "" {
		return
	}
	limit := missingFor
	if final && answer.File != "" {
		limit = foundFor
	}
	text, err := json.Marshal(cached{c.Now().Add(limit), answer})
	if err != nil || os.MkdirAll(c.Dir, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(c.Dir, "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(text)
	if cerr := f.Close(); err != nil || cerr != nil || os.Rename(f.Name(), c.path(key)) != nil {
		_ = os.Remove(f.Name())
	}
}
