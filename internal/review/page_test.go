package review

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"refit/internal/report"
	"refit/transform"
)

// TestScriptsMakeNoHTML holds that no script turns text into elements or code, and
// that nothing of the page comes from elsewhere.
func TestScriptsMakeNoHTML(t *testing.T) {
	bad := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|DOMParser|setHTML|srcdoc|style="|onclick=`)
	outside := regexp.MustCompile(`(src|href|url)\s*[=(]\s*["']?(https?:)?//`)
	names := map[string]bool{}
	err := fs.WalkDir(web, "web", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		names[d.Name()] = true
		text := mustRead(d.Name())
		for _, re := range []*regexp.Regexp{bad, outside} {
			if m := re.FindString(text); m != "" {
				t.Errorf("%s has %q", name, m)
			}
		}
		if n := strings.Count(text, "\n"); n > 400 {
			t.Errorf("%s has %d lines", name, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		delete(names, m+".js")
	}
	for _, s := range sheets {
		delete(names, s+".css")
	}
	delete(names, "index.html")
	if len(names) > 0 {
		t.Errorf("embedded and not used: %v", names)
	}
}

// TestScriptIsOne holds that the modules, put together, need no module any more.
func TestScriptIsOne(t *testing.T) {
	if m := regexp.MustCompile(`(?m)^\s*(import|export)\b.*`).FindString(script()); m != "" {
		t.Errorf("left in the script: %s", m)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^(?:async )?(?:function|const|let|class) (\w+)`).FindAllStringSubmatch(script(), -1) {
		if seen[m[1]] {
			t.Errorf("%s is declared in two modules", m[1])
		}
		seen[m[1]] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d declarations were found", len(seen))
	}
}

// TestDataEndsNoElement puts a hostile Dockerfile into the page.
func TestDataEndsNoElement(t *testing.T) {
	const evil = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> \u2028\u2029 &amp; '\"\n"
	src := "FROM scratch\n# " + evil + "LABEL a=b\n"
	r, err := transform.Run("Dockerfile", src, []*transform.Pass{appending("a")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	s := NewStatic(&b, nil, nil)
	if err := s.Add(&report.Entry{File: report.New("<b>/Dockerfile", r, "", nil), Result: r}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(nil); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	_, data, _ := strings.Cut(page, `id="data">`)
	data, rest, ok := strings.Cut(data, "</script>")
	if !ok || strings.TrimSpace(rest) != "</body>\n</html>" {
		t.Fatalf("behind the data stands %q", rest)
	}
	if strings.ContainsAny(data, "<>&\u2028\u2029") {
		t.Error("the data holds what HTML or JavaScript would read")
	}
	var back struct {
		Views []struct{ Texts []struct{ Before []string } }
	}
	if err := json.Unmarshal([]byte(data), &back); err != nil || back.Views[0].Texts[0].Before[1] != "# "+strings.TrimSuffix(evil, "\n") {
		t.Errorf("the text comes back as %q (%v)", back.Views, err)
	}
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d script elements", n)
	}
	for _, text := range []string{script(), style()} {
		if !strings.Contains(page, text) || !strings.Contains(page, source(text)) {
			t.Error("the policy does not name the script or the style")
		}
	}
}

func TestPairs(t *testing.T) {
	for _, c := range []struct {
		a, b []string
		want string
	}{
		{[]string{"RUN pip install a"}, []string{"RUN --mount=x pip install a"}, "1-1"},
		{[]string{"RUN one two", "COPY . ."}, []string{"USER 1", "RUN one two three", "LABEL z"}, "0-1 1-2 2-0 0-3"},
		{[]string{"a", "b"}, nil, "1-0 2-0"},
		{nil, []string{"a"}, "0-1"},
		{[]string{"}", ""}, []string{"", "}"}, "1-0 2-0 0-1 0-2"},
	} {
		var got []string
		for _, r := range pairs(c.a, c.b) {
			got = append(got, fmt.Sprintf("%d-%d", r.A, r.B))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q and %q: %v, want %s", c.a, c.b, got, c.want)
		}
	}
}

// FuzzRows holds that the rows of any two texts have every line once, in order.
func FuzzRows(f *testing.F) {
	f.Add("FROM a\nRUN b\n", "FROM a\nRUN c\nUSER d\n")
	f.Add("a\r\nb", "b\n\n\x00")
	f.Fuzz(func(t *testing.T, before, after string) {
		text := newText("x", before, after, true, func(bool, int) []int { return []int{0} })
		a, b := 0, 0
		for _, r := range text.Rows {
			if r.A > 0 {
				if a++; r.A != a {
					t.Fatalf("line %d comes at %d", r.A, a)
				}
			}
			if r.B > 0 {
				if b++; r.B != b {
					t.Fatalf("line %d comes at %d", r.B, b)
				}
			}
			if r.Equal && text.Before[r.A-1] != text.After[r.B-1] || !r.Equal && len(r.Marks) == 0 {
				t.Fatalf("row %+v", r)
			}
		}
		if a != len(text.Before) || b != len(text.After) {
			t.Fatalf("%d and %d lines of %d and %d", a, b, len(text.Before), len(text.After))
		}
	})
}
