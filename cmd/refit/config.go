package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/moby/buildkit/util/suggest"
	"github.com/moby/patternmatcher"

	"refit/passes"
	"refit/transform"
)

// configName is the configuration's file name.
const configName = ".refit.toml"

// config is a .refit.toml.
type config struct {
	only, skip, with, exclude []string
	profile, pin, cacheMounts string
	prune                     bool

	dir string // where it lies: exclude is relative to it
}

// settings is what the command line and the configuration ask for a file.
type settings struct {
	passes        []*transform.Pass
	profile       transform.Profile
	pin           transform.Pin
	noCacheMounts bool
	prune         bool                           // unused requirements are taken out
	digests       transform.Digests              // nil: registries are not asked
	exclude       *patternmatcher.PatternMatcher // nil: nothing
	dir           string                         // that exclude is relative to
}

// configs finds and keeps the settings of directories.
type configs struct {
	opt      *options
	explicit *settings            // of --config
	byFile   map[string]*settings // "" for no configuration
	byDir    map[string]*settings
}

func newConfigs(opt *options) (*configs, error) {
	c := &configs{opt: opt, byFile: map[string]*settings{}, byDir: map[string]*settings{}}
	// The flags alone are checked first, so that they are blamed for themselves.
	plain, err := opt.settings(&config{})
	if err != nil {
		return nil, usageError("--" + err.Error())
	}
	c.byFile[""] = plain
	if opt.given["config"] {
		c.explicit, err = c.load(opt.config)
	}
	return c, err
}

// of returns the settings for a Dockerfile in dir, an absolute path.
func (c *configs) of(dir string) (*settings, error) {
	if c.explicit != nil {
		return c.explicit, nil
	}
	if s, ok := c.byDir[dir]; ok {
		return s, nil
	}
	s, err := c.nearest(dir)
	if err == nil {
		c.byDir[dir] = s
	}
	return s, err
}

// nearest looks in dir and above it, up to the root of the repository.
func (c *configs) nearest(dir string) (*settings, error) {
	path := filepath.Join(dir, configName)
	if _, err := os.Stat(path); err == nil {
		return c.load(path)
	}
	parent := filepath.Dir(dir)
	if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil || parent == dir {
		return c.byFile[""], nil
	}
	return c.of(parent)
}

func (c *configs) load(path string) (*settings, error) {
	if s, ok := c.byFile[path]; ok {
		return s, nil
	}
	name := displayPath(path)
	text, _, err := readRegular(path, maxConfig)
	if err != nil {
		return nil, &fileError{name, err}
	}
	cfg, err := parseConfig(name, text)
	if err != nil {
		return nil, err
	}
	if cfg.dir, err = filepath.Abs(filepath.Dir(path)); err != nil {
		return nil, &fileError{name, err}
	}
	s, err := c.opt.settings(cfg)
	if err != nil {
		var ke *keyError
		if errors.As(err, &ke) {
			return nil, atLine(name, lineOf(text, ke.key), err)
		}
		return nil, &fileError{name, err}
	}
	c.byFile[path] = s
	return s, nil
}

// maxConfig is the size up to which a configuration is read.
const maxConfig = 1 << 20

func parseConfig(name, text string) (*config, error) {
	var raw map[string]any
	_, err := toml.Decode(text, &raw)
	var pe toml.ParseError
	switch {
	case errors.As(err, &pe):
		return nil, atLine(name, pe.Position.Line, errors.New(pe.Message))
	case err != nil:
		return nil, &fileError{name, err}
	}
	var cfg config
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if err := cfg.set(key, raw[key]); err != nil {
			return nil, atLine(name, lineOf(text, key), err)
		}
	}
	return &cfg, nil
}

// pruneKey is a key, and a flag.
const pruneKey = "prune-requirements"

// set takes over the value of a key.
func (c *config) set(key string, value any) error {
	lists := map[string]*[]string{"only": &c.only, "skip": &c.skip, "with": &c.with, "exclude": &c.exclude}
	words := map[string]*string{"profile": &c.profile, "pin": &c.pin, "cache-mounts": &c.cacheMounts}
	ok := false
	switch list, word := lists[key], words[key]; {
	case list != nil:
		if *list, ok = stringList(value); !ok {
			return fmt.Errorf("%s: want a list of strings", key)
		}
	case word != nil:
		if *word, ok = value.(string); !ok {
			return fmt.Errorf("%s: want a string", key)
		}
	case key == pruneKey:
		if c.prune, ok = value.(bool); !ok {
			return fmt.Errorf("%s: want true or false", key)
		}
	default:
		keys := slices.Concat(slices.Sorted(maps.Keys(lists)), slices.Sorted(maps.Keys(words)), []string{pruneKey})
		if s, ok := suggest.Search(key, keys, true); ok {
			return fmt.Errorf("unknown key %q (did you mean %s?)", key, s)
		}
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

func stringList(value any) ([]string, bool) {
	items, ok := value.([]any)
	var list []string
	for _, item := range items {
		s, isString := item.(string)
		list, ok = append(list, s), ok && isString
	}
	return list, ok
}

// lineOf is the line on which a top-level key or table stands; the decoder does
// not tell.
func lineOf(text, key string) int {
	re := regexp.MustCompile(`(?m)^\s*\[*\s*["']?` + regexp.QuoteMeta(key) + `["']?\s*[=.\]]`)
	at := re.FindStringIndex(text)
	if at == nil {
		return 1
	}
	head := text[:at[0]]
	blank := len(text[at[0]:at[1]]) - len(strings.TrimLeft(text[at[0]:at[1]], " \t\r\n"))
	return 1 + strings.Count(head, "\n") + strings.Count(text[at[0]:at[0]+blank], "\n")
}

// keyError is a key of the configuration, or a flag, whose value is wrong.
type keyError struct {
	key string
	err error
}

func (e *keyError) Error() string { return e.err.Error() }

// choice joins what the command line and a configuration say of passes.
func (o *options) choice(cfg *config) passChoice {
	choice := passChoice{cfg.only, cfg.skip, cfg.with}
	if o.given["only"] { // it says all there is to say
		choice = passChoice{only: o.only}
	}
	if o.given["skip"] {
		choice.skip = o.skip
	}
	if o.given["with"] {
		choice.with = o.with
	}
	return choice
}

// settings joins the command line and a configuration; the command line wins.
func (o *options) settings(cfg *config) (*settings, error) {
	s := &settings{dir: cfg.dir}
	pick := func(flag, value, configured, fallback string) string {
		switch {
		case o.given[flag]:
			return value
		case configured != "":
			return configured
		}
		return fallback
	}
	choice := o.choice(cfg)
	var err error
	if s.pin, err = pinOf(pick("pin", o.pin, cfg.pin, "minor")); err != nil {
		return nil, &keyError{"pin", err}
	}
	if s.pin == transform.PinDigest {
		choice.addDigests()
	}
	// A repository's configuration alone must not make refit call anybody.
	if o.resolver != nil {
		s.digests = o.resolver
	}
	if s.passes, err = choice.of(passes.All()); err != nil {
		return nil, err
	}
	if s.profile, err = profileOf(pick("profile", o.profile, cfg.profile, "default")); err != nil {
		return nil, &keyError{"profile", err}
	}
	mounts := pick("cache-mounts", o.cacheMounts, cfg.cacheMounts, "on")
	if err = oneOf("cache-mounts", mounts, "on", "off"); err != nil {
		return nil, &keyError{"cache-mounts", err}
	}
	s.noCacheMounts = mounts == "off"
	s.prune = cfg.prune
	if o.given[pruneKey] {
		s.prune = o.prune
	}
	if len(cfg.exclude) > 0 {
		if s.exclude, err = patternmatcher.New(cfg.exclude); err != nil {
			return nil, &keyError{"exclude", fmt.Errorf("exclude: %w", err)}
		}
	}
	return s, nil
}

func profileOf(name string) (transform.Profile, error) {
	names := make([]string, len(transform.Profiles()))
	for i, p := range transform.Profiles() {
		names[i] = string(p)
	}
	return transform.Profile(name), oneOf("profile", name, names...)
}

func pinOf(level string) (transform.Pin, error) {
	return transform.Pin(level), oneOf("pin", level, string(transform.PinMinor), string(transform.PinPatch), string(transform.PinDigest))
}

// passChoice names the passes that are wanted.
type passChoice struct {
	only, skip, with []string
}

// addDigests has pin-digest go with pin-tag, as its level "digest".
func (c *passChoice) addDigests() {
	if (len(c.only) == 0 || slices.Contains(c.only, "pin-tag")) && !slices.Contains(c.skip, "pin-tag") {
		c.with = append(slices.Clone(c.with), "pin-digest")
	}
}

// of keeps the passes that are asked for, in their order: those of only, or all
// that run unasked, and those of with, but none of skip.
func (c passChoice) of(all []*transform.Pass) ([]*transform.Pass, error) {
	for _, l := range []struct {
		key   string
		names []string
	}{{"only", c.only}, {"skip", c.skip}, {"with", c.with}} {
		if err := knownPasses(l.key, all, l.names); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(p *transform.Pass) bool {
		wanted := slices.Contains(c.only, p.Name) || len(c.only) == 0 && !p.OptIn || slices.Contains(c.with, p.Name)
		return !wanted || slices.Contains(c.skip, p.Name)
	}), nil
}

func knownPasses(key string, all []*transform.Pass, names []string) error {
	for _, name := range names {
		if _, err := findPass(all, name); err != nil {
			return &keyError{key, fmt.Errorf("%s: %w", key, err)}
		}
	}
	return nil
}

// findPass returns the pass of that name, or says which one was probably meant.
func findPass(all []*transform.Pass, name string) (*transform.Pass, error) {
	var names []string
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	if s, ok := suggest.Search(name, names, true); ok {
		return nil, fmt.Errorf("no pass is named %q (did you mean %s?)", name, s)
	}
	return nil, fmt.Errorf("no pass is named %q; refit explain lists them", name)
}

// excludes reports whether the configuration takes a found file out.
func (s *settings) excludes(path string) bool {
	if s.exclude == nil {
		return false
	}
	rel, err := filepath.Rel(s.dir, path)
	if err != nil || !fs.ValidPath(filepath.ToSlash(rel)) {
		return false
	}
	m, err := s.exclude.MatchesOrParentMatches(filepath.ToSlash(rel))
	return err == nil && m
}
