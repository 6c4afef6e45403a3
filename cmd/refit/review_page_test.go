package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"refit/passes"
)

// TestReviewInBrowser uses the page as its users do, with the real engine, files
// and server.
func TestReviewInBrowser(t *testing.T) {
	browser := newBrowser(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, *tab)
	}{
		{"a switched pass changes the diff", testToggle},
		{"apply writes what is shown", testApply},
		{"a changed file is refused and shown", testChangedMeanwhile},
		{"200 files", testManyFiles},
		{"files of one context", testOneContext},
		{"the keyboard", testKeyboard},
		{"the documentation", testDocumentation},
		{"text stays text", testInjection},
		{"the token is good once", testTokenOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := browser.open(t)
			defer b.close() // before its server ends, which a page would call an error
			c.test(t, b)
		})
	}
}

func testToggle(t *testing.T, b *tab) {
	dir := reviewTree(t, service(""))
	b.do(chromedp.Navigate(startReview(t, dir)))
	b.settled()
	if s := b.shown(); !strings.Contains(s, "--mount=type=cache") || !strings.Contains(s, "USER 1001") {
		t.Fatalf("the page shows\n%s", s)
	}
	if q := eval[string](b, "location.search"); q != "" {
		t.Errorf("the token stays in the address: %s", q)
	}
	b.click(`[data-key="pass-pip-cache"]`)
	b.wait(`document.querySelector('[data-key="pass-pip-cache"]')?.getAttribute("aria-checked") === "false"`)
	b.settled()
	if s := b.shown(); strings.Contains(s, "--mount=type=cache") || !strings.Contains(s, "USER 1001") {
		t.Errorf("without pip-cache the page shows\n%s", s)
	}
	if k := eval[string](b, "document.activeElement.dataset.key"); k != "pass-pip-cache" {
		t.Errorf("the focus went to %q", k)
	}
	b.click(`[data-key="switch-back"]`)
	b.wait(`document.querySelector('[data-key="pass-pip-cache"]')?.getAttribute("aria-checked") === "true"`)
	b.settled()
	if s := b.shown(); !strings.Contains(s, "--mount=type=cache") {
		t.Errorf("switched back, the page shows\n%s", s)
	}
}

// apply presses the buttons that write, and waits for the banner of that kind.
func (b *tab) apply(banner string) {
	b.t.Helper()
	b.click(`[data-key="apply"]`)
	b.click("#write")
	b.wait(fmt.Sprintf("document.querySelector(%q)", ".banner."+banner))
	b.settled()
}

// after is the whole text that the page shows as the result: the lines that come
// and those that stay, unfolded.
func (b *tab) after(section int) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`(() => {
		const s = document.querySelectorAll("#main section.text")[%d];
		for (const f of s.querySelectorAll(".fold button")) f.click();
		return [...s.querySelectorAll("tr")].map((r) => r.querySelectorAll("td.code")[1]).filter((c) => c && !c.classList.contains("none"))
			.map((c) => c.textContent.slice(1) + "\n").join("");
	})()`, section))
}

func testApply(t *testing.T, b *tab) {
	dir := reviewTree(t, service(""))
	b.do(chromedp.Navigate(startReview(t, dir)))
	b.settled()
	b.click(`[data-key="pass-non-root"]`)
	b.wait(`document.querySelector('[data-key="pass-non-root"]')?.getAttribute("aria-checked") === "false"`)
	b.settled()
	dockerfile, ignore := b.after(0), b.after(1)
	b.click(`[data-key="apply"]`)
	if s := b.text("#dialog .paths"); !strings.Contains(s, ".dockerignore") {
		t.Errorf("the question before writing names %q", s)
	}
	b.click("#dialog .quiet")
	b.apply("done")
	if got := readText(t, filepath.Join(dir, "Dockerfile")); got != dockerfile || strings.Contains(got, "USER") || !strings.Contains(got, "--mount") {
		t.Errorf("the file is\n%s\nthe page showed\n%s", got, dockerfile)
	}
	if got := readText(t, filepath.Join(dir, ".dockerignore")); got != ignore || got == "" {
		t.Errorf(".dockerignore is\n%s\nthe page showed\n%s", got, ignore)
	}
	if s := b.text(".banner.done"); !strings.Contains(s, "Dockerfile") || !strings.Contains(s, ".dockerignore") {
		t.Errorf("the page says %q", s)
	}
	if eval[bool](b, `Boolean(document.querySelector('[data-key="apply"]'))`) {
		t.Error("what was written can be applied again")
	}
	if !eval[bool](b, `[...document.querySelectorAll("button.pass")].every((e) => e.disabled)`) || !strings.Contains(b.text(".file-head"), "written") {
		t.Error("what was written looks as if it were not")
	}
	b.click(`[data-key="done"]`)
	b.wait(`document.querySelector(".ended")`)
	if s := b.text(".ended"); !strings.Contains(s, "2 files written") {
		t.Errorf("the end says %q", s)
	}
}

func testChangedMeanwhile(t *testing.T, b *tab) {
	dir := reviewTree(t, service(""))
	path := filepath.Join(dir, "Dockerfile")
	b.do(chromedp.Navigate(startReview(t, dir)))
	b.settled()
	edited := strings.Replace(readText(t, path), "FROM", "# a colleague was here\nFROM", 1)
	writeText(t, path, edited)
	b.apply("error")
	if got := readText(t, path); got != edited {
		t.Fatalf("the changed file was written over:\n%s", got)
	}
	if _, err := os.Stat(filepath.Join(dir, ".dockerignore")); err == nil {
		t.Error("the companion was written all the same")
	}
	if s := b.text(".banner.error"); !strings.Contains(s, "has changed since it was shown") {
		t.Errorf("the page says %q", s)
	}
	if s := b.text("#main section.text"); !strings.Contains(s, "a colleague was here") {
		t.Errorf("the page still shows\n%s", s)
	}
	b.apply("done") // what is shown now
	if got := readText(t, path); !strings.HasPrefix(got, "# a colleague was here\n") || got == edited {
		t.Errorf("the file is\n%s", got)
	}
}

func testManyFiles(t *testing.T, b *tab) {
	files := map[string]string{}
	for i := range 200 {
		maps.Copy(files, service(fmt.Sprintf("team-%d/service-%03d/", i%7, i)))
	}
	dir := reviewTree(t, files)
	b.do(chromedp.Navigate(startReview(t, dir)))
	b.settled()
	if n := eval[int](b, `document.querySelectorAll(".file").length`); n != 200 {
		t.Errorf("%d files", n)
	}
	if n := eval[int](b, `document.querySelectorAll("#main section.text").length`); n > 3 {
		t.Errorf("%d texts are drawn: those of other files too", n)
	}
	if s := b.text("#top .summary"); !strings.Contains(s, "200 would change") {
		t.Errorf("the head says %q", s)
	}
	b.press("/")
	b.press("service-15")
	b.wait(`document.querySelectorAll(".file").length === 10`)
	b.press("7")
	b.wait(`document.querySelectorAll(".file").length === 1`)
	b.click(".file")
	b.wait(`document.querySelector("#main h1").innerText.endsWith("service-157/Dockerfile")`)
	// A pass off in all files; then all are written.
	b.click(`[data-key="scope-true"]`)
	b.click(`[data-key="pass-non-root"]`)
	b.settled()
	b.click(`[data-key="apply-all"]`)
	b.wait(`document.querySelectorAll("#dialog .paths li:not(.beside)").length === 200`)
	b.click("#write")
	b.wait(`document.querySelector("#status").innerText.includes("400 files written")`)
	for _, i := range []int{0, 99, 199} {
		got := readText(t, filepath.Join(dir, fmt.Sprintf("team-%d/service-%03d/Dockerfile", i%7, i)))
		if strings.Contains(got, "USER") || !strings.Contains(got, "--mount=type=cache") {
			t.Errorf("file %d is\n%s", i, got)
		}
	}
}

// testOneContext has two Dockerfiles that share a .dockerignore: the second one
// counts on what the first brings, and so is applied along with it.
func testOneContext(t *testing.T, b *tab) {
	files := service("")
	files["worker.Dockerfile"] = files["Dockerfile"]
	dir := reviewTree(t, files)
	b.do(chromedp.Navigate(startReview(t, dir)))
	b.settled()
	b.press("j")
	b.wait(`document.querySelector("#main h1").innerText.endsWith("worker.Dockerfile")`)
	b.settled()
	if s := b.text(`[data-key="apply"]`); !strings.Contains(s, "with") {
		t.Errorf("the button says %q", s)
	}
	want := b.after(0)
	b.apply("done")
	if got := readText(t, filepath.Join(dir, "worker.Dockerfile")); got != want {
		t.Errorf("the file is\n%s\nthe page showed\n%s", got, want)
	}
	for _, name := range []string{"Dockerfile", ".dockerignore"} {
		if text := readText(t, filepath.Join(dir, name)); text == files[name] {
			t.Errorf("%s is as it was", name)
		}
	}
}

func testKeyboard(t *testing.T, b *tab) {
	files := service("a/")
	maps.Copy(files, service("b/"))
	b.do(chromedp.Navigate(startReview(t, reviewTree(t, files))))
	b.settled()
	b.press("j")
	b.wait(`document.querySelector("#main h1").innerText.endsWith("b/Dockerfile")`)
	b.press("k")
	b.wait(`document.querySelector("#main h1").innerText.endsWith("a/Dockerfile")`)
	b.settled()
	b.press("n")
	b.press("n")
	b.wait(`document.querySelector(".note-body.current-change .chip")?.innerText === "2"`)
	if n := eval[int](b, `document.querySelectorAll("tr.current-change").length`); n == 0 {
		t.Error("no line is set off")
	}
	b.press("p")
	b.wait(`document.querySelector(".note-body.current-change .chip")?.innerText === "1"`)
	name := b.text(".note-body.current-change .passname")
	b.press(" ")
	b.wait(fmt.Sprintf(`document.querySelector('[data-key="pass-%s"]')?.getAttribute("aria-checked") === "false"`, name))
	b.settled()
	b.press(" ")
	b.wait(fmt.Sprintf(`document.querySelector('[data-key="pass-%s"]')?.getAttribute("aria-checked") === "true"`, name))
	b.settled()
	b.press("?")
	b.wait(`document.querySelector("#dialog").open && document.querySelector("#dialog kbd")`)
	b.press("j") // is not for the page below
	b.press("\x1b")
	b.wait(`!document.querySelector("#dialog").open`)
	if s := b.text("#main h1"); !strings.HasSuffix(s, "a/Dockerfile") {
		t.Errorf("the page went to %q", s)
	}
	theme := `document.documentElement.dataset.theme`
	b.press("t")
	first := eval[string](b, theme)
	b.press("t")
	if second := eval[string](b, theme); first == second || first == "" {
		t.Errorf("the theme went from %q to %q", first, second)
	}
	b.press("u")
	b.wait(`document.querySelector(".diff.unified")`)
	b.press("a")
	b.wait(`document.querySelector("#dialog").open`)
	b.press(enter)
	b.wait(`document.querySelector(".banner.done")`)
	// The first stop of the Tab key leads past the list.
	b.do(chromedp.Focus(chromedp.CSS(".skip")))
	b.press(enter)
	if s := eval[string](b, "document.activeElement.id"); s != "main" {
		t.Errorf("the skip link leads to %q", s)
	}
}

func testDocumentation(t *testing.T, b *tab) {
	files := service("")
	delete(files, "requirements.txt") // so that something is held back
	b.do(chromedp.Navigate(startReview(t, reviewTree(t, files))))
	b.settled()
	b.press("n")
	b.press("d")
	b.wait(`!document.querySelector("#doc").hidden`)
	name := b.text(".note-body.current-change .passname")
	p, err := findPass(passes.All(), name)
	if err != nil {
		t.Fatal(err)
	}
	doc := b.text("#doc")
	for _, want := range append([]string{p.Doc.Text, "Before and after"}, p.Doc.Sources...) {
		if !strings.Contains(strings.Join(strings.Fields(doc), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the documentation of %s lacks %q", name, want)
		}
	}
	b.press("\x1b")
	b.wait(`document.querySelector("#doc").hidden`)
	if s := b.text(".held-item"); !strings.Contains(s, "To make it possible") {
		t.Errorf("what was held back says %q", s)
	}
	b.click(".held-item .passname")
	b.wait(`document.querySelector("#doc li.current")`)
}

// testInjection reviews a Dockerfile that holds HTML and characters that hide text.
func testInjection(t *testing.T, b *tab) {
	files := service("")
	evil := `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>`
	files["Dockerfile"] = strings.Replace(files["Dockerfile"], "MAINTAINER somebody@example.com", "MAINTAINER "+evil+" \u202e", 1)
	b.do(chromedp.Navigate(startReview(t, reviewTree(t, files))))
	b.settled()
	if s := b.text("#main section.text"); !strings.Contains(s, evil) || !strings.Contains(s, "⟨U+202E⟩") {
		t.Errorf("the page shows\n%s", s)
	}
	if n := eval[int](b, `document.querySelectorAll("#main img, #main script").length`); n != 0 {
		t.Errorf("%d elements were made of a Dockerfile's text", n)
	}
	if s := eval[string](b, "document.title"); s != "refit review" {
		t.Errorf("the title is %q", s)
	}
}

func testTokenOnce(t *testing.T, b *tab) {
	url := startReview(t, reviewTree(t, service("")))
	b.do(chromedp.Navigate(url))
	b.settled()
	b.do(chromedp.Reload())
	b.settled()
	if code, _ := get(t, "GET", url, nil, ""); code != 403 {
		t.Errorf("the used token is answered with %d", code)
	}
	if s := eval[string](b, "document.cookie"); s != "" {
		t.Errorf("scripts can read the cookie: %s", s)
	}
}
