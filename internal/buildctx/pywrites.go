package buildctx

import (
	"bytes"
	"path"
	"strings"

	"refit/internal/lazyregexp"
)

// What calls write to, whatever the directory is called: in a call that opens or makes a file, a string is no route.

// writeCalls make, change or remove what their first argument names, or go there.
var writeCalls = set(`os.makedirs os.mkdir makedirs sqlite3.connect aiosqlite.connect duckdb.connect shelve.open dbm.open
	os.chdir TinyDB os.remove os.unlink os.rmdir shutil.rmtree np.save numpy.save np.savez numpy.savez np.savetxt numpy.savetxt`)

// targetCalls do so with their second argument.
var targetCalls = set(`shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move os.rename os.replace os.renames
	os.link os.symlink torch.save joblib.dump`)

// openCalls do where their mode says so.
var openCalls = set(`open io.open codecs.open gzip.open bz2.open lzma.open tarfile.open zipfile.ZipFile ZipFile h5py.File
	aiofiles.open`)

// writeMethods write to the path that they are called on, open where its mode says so (pathlib); savers to their first
// argument (pandas, Matplotlib, tarfile and zipfile, OpenCV).
var (
	writeMethods = set("mkdir touch write_text write_bytes open unlink rmdir")
	savers       = set("to_csv to_excel to_parquet to_pickle savefig imwrite extractall")
)

// writeKeywords are arguments that name what a library keeps files in: Hugging Face's cache_dir, local_dir and
// cache_folder, Flask's instance_path, NLTK's download_dir, Chroma's persist_directory, logging's filename.
var writeKeywordRE = lazyregexp.New(`\b(?:cache_dir|cache_folder|local_dir|instance_path|download_dir|persist_directory)[ \t]*=[ \t]*([^=\s])`,
	"cache_dir", "cache_folder", "local_dir", "instance_path", "download_dir", "persist_directory")

var (
	// sqliteRE is the file of a database URL: the third slash ends its empty host.
	sqliteRE = lazyregexp.New("sqlite[a-z0-9+]*:///(/[^\"'`\\s?#]*)", "sqlite")
	// openModeRE is the rest of a call of open behind the file's name, as far as its mode.
	openModeRE = lazyregexp.New(`,\s*(?:mode\s*=\s*)?["']([rwxabtU+]{1,4})(?:[:|]\w*)?["']`)
	filenameRE = lazyregexp.New(`\bfilename\s*=\s*([^=\s])`)
)

// written records a path that a call writes to, or that becomes the working directory, as far as it may lie outside
// the application. What logs to files is called FileHandler, or something that ends so.
func (s *pyScanner) written(name, base string, argsAt int) {
	if writeMethods[base] && strings.Contains(name, ".") && !openCalls[name] && !writeCalls[name] {
		s.writtenByMethod(name, base, argsAt)
		return
	}
	if targetCalls[name] {
		if args, _ := s.pathsOf().args(argsAt - len("(")); len(args) > 1 {
			s.wrote(args[1], argsAt)
		}
		return
	}
	logs := name == "logging.basicConfig"
	if !writeCalls[name] && !openCalls[name] && !savers[base] && !logs && !strings.HasSuffix(base, "FileHandler") {
		return
	}
	args := s.src[argsAt:min(len(s.src), argsAt+maxPortArgs)]
	exprAt := argsAt
	if logs {
		m := filenameRE.Regexp().FindSubmatchIndex(args)
		if m == nil {
			return
		}
		exprAt += m[2]
	}
	bare := bytes.TrimLeft(s.src[exprAt:argsAt+len(args)], " \t\r\n")
	if file, rest, ok := pyString(bare); ok && path.IsAbs(file.Text) {
		if rest == nil { // the name goes on, as in "/data/%s" % name
			rest, _, _ = bytes.Cut(bare, []byte("\n"))
		}
		if !openCalls[name] || opensToWrite(rest) {
			s.add(&s.out.Writes, strings.ReplaceAll(file.Text, "$X", "…"), argsAt)
		}
		return
	}
	v, end := s.pathsOf().at(exprAt)
	if openCalls[name] && !opensToWrite(s.src[end:max(end, min(len(s.src), end+maxPortArgs))]) {
		return
	}
	s.wrote(v, argsAt)
}

// writtenByMethod does so for a method of a path.
func (s *pyScanner) writtenByMethod(name, base string, argsAt int) {
	end := bytes.LastIndexByte(s.src[:argsAt], '.')
	if end < 0 || base == "open" && !opensToWrite(append([]byte(","), s.src[argsAt:min(len(s.src), argsAt+maxPortArgs)]...)) {
		return
	}
	start := receiver(s.src, end)
	s.wrote(s.pathsOf().before(start, end), start)
}

// receiver is where the expression begins on which the method behind the place is called.
func receiver(src []byte, end int) int {
	at := end
	for at > 0 && end-at < maxPortArgs {
		switch c := src[at-1]; {
		case c == '.' || c == '_' || isAlnum(c):
			at--
		case c == ')' || c == ']':
			depth := 0
			for at--; at >= 0; at-- {
				if c := src[at]; c == ')' || c == ']' {
					depth++
				} else if c == '(' || c == '[' {
					if depth--; depth == 0 {
						break
					}
				}
			}
			at = max(at, 0)
		default:
			return at
		}
	}
	return at
}

// wrote records a path that is absolute, or climbs above the directory that it starts at.
func (s *pyScanner) wrote(v pyPath, at int) {
	text := path.Clean(v.text)
	switch climbs := strings.HasPrefix(text, ".."); {
	case v.base == ofRoot, v.base == ofCwd && climbs:
		s.add(&s.out.Writes, text, at)
	case v.base == ofSource && climbs && !s.commented(at):
		s.out.Climbs = append(s.out.Climbs, Use{text, s.file, s.lineOf(at)})
	case v.base == ofSource && !s.commented(at):
		s.out.Beside = append(s.out.Beside, Use{text, s.file, s.lineOf(at)})
	}
}

// keywords records what arguments name that libraries keep files in.
func (s *pyScanner) keywords() {
	for _, m := range writeKeywordRE.FindAllSubmatchIndex(s.src, -1) {
		if !s.routes[m[2]] {
			v, _ := s.pathsOf().at(m[2])
			s.wrote(v, m[2])
		}
	}
}

// dataEnds are endings of files that programs keep.
var dataEnds = set(".db .sqlite .sqlite3 .log .pid .lock .sock")

// outside records names for places outside the application that are not written as they are: BASE.parent / "data".
// Whether something is written there is not known, as with Places.
func (s *pyScanner) outside() {
	if !bytes.Contains(s.src, []byte("__file__")) && !bytes.Contains(s.src, []byte("..")) && !bytes.Contains(s.src, []byte("os.sep")) {
		return
	}
	s.pathsOf().assigned(func(v pyPath, at int) {
		text := path.Clean(v.text)
		switch climbs := strings.HasPrefix(text, ".."); {
		case v.base == ofRoot && IsPlace(text), v.base == ofCwd && climbs:
			s.add(&s.out.Places, text, at)
		case v.base == ofSource && climbs && !s.commented(at):
			s.out.Around = append(s.out.Around, Use{text, s.file, s.lineOf(at)})
		case v.base == ofSource && dataEnds[path.Ext(text)] && !s.commented(at):
			s.out.Beside = append(s.out.Beside, Use{text, s.file, s.lineOf(at)})
		}
	})
}

// pathsOf evaluates paths of the file at hand.
func (s *pyScanner) pathsOf() *pyPaths {
	if s.paths == nil {
		s.paths = newPyPaths(s.src)
	}
	return s.paths
}

// opensToWrite reports the mode of a call of open that writes, in what stands behind the name; without one, it reads.
func opensToWrite(rest []byte) bool {
	if bytes.HasPrefix(rest, []byte(")")) {
		return false
	}
	m := openModeRE.Regexp().FindSubmatch(rest)
	return m != nil && bytes.ContainsAny(m[1], "wax+")
}
