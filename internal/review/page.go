package review

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"
	"sync"

	"refit/transform"
)

//go:embed web
var web embed.FS

// modules are the page's scripts, each behind those that it imports; sheets are
// its styles.
var (
	modules = []string{"dom", "theme", "store", "words", "diff", "doc", "passes", "held", "chart", "files", "dialogs", "main-view", "keys", "main"}
	sheets  = []string{"base", "layout", "diff", "parts"}
)

// script is all modules as one, which is also what one file for all can hold:
// a module can import nothing there.
var script = sync.OnceValue(func() string {
	imports := regexp.MustCompile(`(?m)^import [^;]*;\n`)
	exports := regexp.MustCompile(`(?m)^export `)
	var b strings.Builder
	b.WriteString("\"use strict\";\n")
	for _, name := range modules {
		text := mustRead(name + ".js")
		b.WriteString(exports.ReplaceAllString(imports.ReplaceAllString(text, ""), ""))
	}
	return b.String()
})

var style = sync.OnceValue(func() string {
	var b strings.Builder
	for _, name := range sheets {
		b.WriteString(mustRead(name + ".css"))
	}
	return b.String()
})

// mustRead reads an embedded file, which the build has seen.
func mustRead(name string) string {
	b, err := web.ReadFile(path.Join("web", name))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// start is what the page begins with.
type start struct {
	Files  []startFile `json:"files"`
	Passes []*PassDoc  `json:"passes"`
	Views  []*View     `json:"views"` // of a page without a server
	Base   string      `json:"base"`
	CSRF   string      `json:"csrf"`
}

type startFile struct {
	Path string `json:"path"`
}

func newStart(files []File, passes []*transform.Pass) *start {
	s := &start{Files: []startFile{}, Passes: []*PassDoc{}}
	for _, f := range files {
		s.Files = append(s.Files, startFile{f.Path})
	}
	for _, p := range passes {
		s.Passes = append(s.Passes, newPassDoc(p))
	}
	return s
}

// livePage is the page that a server serves.
func livePage(s *start) ([]byte, error) {
	return fill(s, "<link rel=\"stylesheet\" href=\"app.css\">\n<script type=\"module\" src=\"app.js\"></script>")
}

// fill puts the head and the data into the page. encoding/json escapes "<", ">",
// "&" and the line separators of JavaScript, so that the data ends no element.
func fill(s *start, head string) ([]byte, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	page := mustRead("index.html")
	for _, part := range [][2]string{{"<!-- head -->", head}, {"<!-- data -->", string(data)}} {
		before, after, ok := strings.Cut(page, part[0])
		if !ok {
			return nil, fmt.Errorf("the page has no %s", part[0])
		}
		page = before + part[1] + after
	}
	return []byte(page), nil
}
