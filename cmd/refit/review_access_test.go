package main

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/review/access.js
var accessScript string

//go:embed testdata/review/results.json
var measuredResults string

// TestReviewIsAccessible checks what a Lighthouse run would, in both colour
// schemes, on the served page and on the file.
func TestReviewIsAccessible(t *testing.T) {
	browser := newBrowser(t)
	for name, url := range map[string]string{"served": showcase(t), "file": showcaseFile(t)} {
		t.Run(name, func(t *testing.T) {
			b := browser.open(t)
			for _, scheme := range []string{"light", "dark"} {
				b.scheme(scheme)
				b.do(chromedp.Navigate(url))
				b.settled()
				b.press("n")
				if bg := eval[string](b, "getComputedStyle(document.body).backgroundColor"); (bg == "rgb(255, 255, 255)") != (scheme == "light") {
					t.Errorf("%s: the background is %s", scheme, bg)
				}
				b.checkAccess(scheme)
				b.press("d") // the documentation
				b.wait(`!document.querySelector("#doc").hidden`)
				b.checkAccess(scheme + ", documentation")
				b.press("?")
				b.wait(`document.querySelector("#dialog").open`)
				b.checkAccess(scheme + ", dialog")
				url = eval[string](b, "location.href") // the token is used
			}
		})
	}
}

// checkAccess reports what is wrong with what is on the page now.
func (b *tab) checkAccess(what string) {
	b.t.Helper()
	for _, problem := range eval[[]string](b, accessScript) {
		b.t.Errorf("%s: %s", what, problem)
	}
}

// TestAccessScriptFinds holds that the check itself can fail.
func TestAccessScriptFinds(t *testing.T) {
	b := newBrowser(t)
	b.do(chromedp.Navigate(showcaseFile(t)))
	b.settled()
	for want, spoil := range map[string]string{
		"button.spoilt has no name": `const e = document.createElement("button"); e.className = "spoilt"; document.body.append(e)`,
		"contrast":                  `const e = document.createElement("p"); e.className = "pale"; e.textContent = "x"; e.style.color = "#999"; document.body.append(e)`,
		"the language is not given": `document.documentElement.lang = ""`,
		"not one main":              `document.body.append(document.createElement("main"))`,
		"is labelled by nothing":    `document.querySelector("[aria-labelledby=passes-title]").setAttribute("aria-labelledby", "gone")`,
	} {
		b.do(chromedp.Evaluate[chromedp.Void]("{" + spoil + "}"))
		if problems := strings.Join(eval[[]string](b, accessScript), "\n"); !strings.Contains(problems, want) {
			t.Errorf("after %s it finds\n%s", spoil, problems)
		}
	}
}

// TestReviewFocusIsVisible walks over the controls by the Tab key.
func TestReviewFocusIsVisible(t *testing.T) {
	b := newBrowser(t)
	b.do(chromedp.Navigate(showcase(t)))
	b.settled()
	seen := map[string]bool{}
	for range 40 {
		b.press("\t")
		s := eval[string](b, `(() => { const e = document.activeElement, s = getComputedStyle(e);
			const r = e.getBoundingClientRect();
			if (e === document.body) return "";
			const visible = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && r.width > 0 && r.bottom > 0;
			return (visible ? "" : "NOT VISIBLE ") + e.tagName + "." + e.className + " " + (e.dataset.key ?? e.id); })()`)
		if strings.HasPrefix(s, "NOT") {
			b.t.Error(s)
		}
		seen[s] = true
	}
	if len(seen) < 25 {
		t.Errorf("the Tab key reaches only %d controls: %v", len(seen), seen)
	}
}

// TestReviewIsNarrow holds that nothing is wider than a phone.
func TestReviewIsNarrow(t *testing.T) {
	b := newBrowser(t)
	b.size(360, 740)
	b.do(chromedp.Navigate(showcase(t)))
	b.settled()
	if !eval[bool](b, `Boolean(document.querySelector(".diff.unified")) && !document.querySelector(".diff.split")`) {
		t.Error("the diff is not unified")
	}
	wide := `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".hidden, svg"))
		.map((e) => e.tagName + "." + e.getAttribute("class"))`
	for _, press := range []string{"", "n", "d"} {
		if press != "" {
			b.press(press)
		}
		if w := eval[int](b, "document.scrollingElement.scrollWidth"); w > 360 {
			t.Errorf("after %q the page is %d pixels wide: %v", press, w, eval[[]string](b, wide))
		}
	}
	b.press("\x1b")
	b.click(`[data-key="menu"]`)
	b.wait(`document.querySelector("#files").getBoundingClientRect().height > 50`)
	b.click(".file:not([aria-current])")
	b.wait(`document.querySelector("#files").getBoundingClientRect().height === 0`)
}

// TestHTMLFile opens what --format html writes, and holds that it asks for nothing.
func TestHTMLFile(t *testing.T) {
	b := newBrowser(t)
	var asked []string
	err := chromedp.Listen(b.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok {
			asked = append(asked, e.Request.URL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	url := showcaseFile(t)
	b.do(chromedp.Navigate(url))
	b.settled()
	if s := b.shown(); !strings.Contains(s, "--mount=type=cache") {
		t.Errorf("the page shows\n%s", s)
	}
	b.press("j")
	b.wait(`document.querySelectorAll(".file")[1].getAttribute("aria-current") === "true"`)
	b.press("n")
	b.press("d")
	b.wait(`!document.querySelector("#doc").hidden`)
	if n := eval[int](b, `document.querySelectorAll('[role=switch], [data-key="apply"], [data-key="apply-all"], [data-key="done"]').length`); n != 0 {
		t.Errorf("%d controls need a server", n)
	}
	for _, u := range asked {
		if u != url && !strings.HasPrefix(u, "data:") {
			t.Errorf("the file asks for %s", u)
		}
	}
	if len(asked) == 0 {
		t.Error("the requests were not seen")
	}
}

// showcase serves a review that has something of everything.
func showcase(t *testing.T) string {
	t.Helper()
	dir, results := showcaseFiles(t)
	return startReview(t, "--results", results, dir)
}

// showcaseFile writes the same as one file.
func showcaseFile(t *testing.T) string {
	t.Helper()
	dir, results := showcaseFiles(t)
	out := filepath.Join(t.TempDir(), "review.html")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if code := run([]string{"-q", "--format", "html", "-o", out, "--results", results, dir}, strings.NewReader(""), null, null); code != exitBad { // one file does not parse
		t.Fatalf("exit status %d", code)
	}
	return "file://" + filepath.ToSlash(out)
}

// examplesDir is where the examples are, whatever directory a test goes to.
var examplesDir = sync.OnceValues(func() (string, error) { return filepath.Abs("../../examples") })

// showcaseFiles makes the examples of the project the current directory, with a
// file that has much to hold back and one that does not parse, and tells where the
// results are that verify has printed of two.
func showcaseFiles(t *testing.T) (dir, results string) {
	t.Helper()
	examples, err := examplesDir()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, name := range []string{"flask-gunicorn", "cpu-bound", "django-postgres", "multi-service", "pandas-job", "poetry-fastapi", "uv-starlette"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(examples, name))); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"legacy/Dockerfile": "FROM python:3.9\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nRUN pip install --no-cache-dir gunicorn==21.2.0\n" +
			"USER root\nEXPOSE 80\nCMD gunicorn app:app --bind 0.0.0.0:80\n",
		"legacy/app.py":   "app = None\n",
		"typo/Dockerfile": "FROM scratch\nCOPIE a b\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeText(t, path, text)
	}
	results = filepath.Join(t.TempDir(), "results.json")
	writeText(t, results, measuredResults)
	t.Chdir(dir)
	return ".", results
}
