package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"refit/internal/review"
	"refit/passes"
)

// demandBrowser is the environment variable that makes a missing browser a
// failure.
const demandBrowser = "REFIT_BROWSER_TESTS"

// findBrowser is the path of a Chromium.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv(demandBrowser) != "" {
		t.Fatalf("no Chromium on PATH, and %s asks for the tests in a browser", demandBrowser)
	}
	t.Skip("no Chromium on PATH: the review page is not tested in a browser")
	return ""
}

// tab is a page in a browser.
type tab struct {
	t     *testing.T
	ctx   context.Context
	close context.CancelFunc
}

// newBrowser starts a browser, which ends with the test.
func newBrowser(t *testing.T) *tab {
	t.Helper()
	path := findBrowser(t)
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1360, 900),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	b := &tab{t, ctx, cancel}
	b.listen()
	return b
}

// open makes another tab of the browser, for another test.
func (b *tab) open(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	n := &tab{t, ctx, cancel}
	n.listen()
	return n
}

// listen fails the test when a script of the page throws or its policy is broken.
func (b *tab) listen() {
	b.t.Helper()
	err := chromedp.Listen(b.ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.t.Errorf("the page threw: %s", e.ExceptionDetails.Text+" "+fmt.Sprint(e.ExceptionDetails.Exception))
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == "error" {
				b.t.Errorf("the browser says: %s", e.Entry.Text)
			}
		}
	})
	if err != nil {
		b.t.Fatalf("starting the browser: %v", err)
	}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval evaluates JavaScript.
func eval[T any](b *tab, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return v
}

// wait waits until JavaScript says true.
func (b *tab) wait(script string) {
	b.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !eval[bool](b, "Boolean("+script+")") {
		if time.Now().After(deadline) {
			b.t.Fatalf("it does not become true: %s\nthe page: %.2000s", script, eval[string](b, "document.body.innerText"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// settled waits until the page has asked for nothing more.
func (b *tab) settled() {
	b.t.Helper()
	b.wait(`document.querySelector("#main h1") && document.getElementById("main").getAttribute("aria-busy") === "false" && !document.querySelector(".file.loading")`)
}

func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// click clicks in the middle of what a selector finds, once nothing lies over it and
// the page is at rest: what is about to be drawn anew cannot be hit.
func (b *tab) click(selector string) {
	b.t.Helper()
	place := fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		const busy = document.querySelector('#main[aria-busy="true"], .file.loading');
		if (!e || busy) return [];
		e.scrollIntoView({ block: "nearest", behavior: "instant" });
		const r = e.getBoundingClientRect();
		const at = [r.x + r.width / 2, r.y + r.height / 2];
		return e.contains(document.elementFromPoint(...at)) ? at : [];
	})()`, selector)
	b.wait(place + ".length > 0")
	at := eval[[]float64](b, place)
	if len(at) != 2 {
		b.t.Fatalf("%s does not stay where it is", selector)
	}
	b.do(chromedp.MouseClickXY(at[0], at[1]))
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("(document.querySelector(%q)?.innerText ?? '')", selector))
}

// shown are the lines of the texts that the page shows as coming.
func (b *tab) shown() string {
	b.t.Helper()
	return eval[string](b, `[...document.querySelectorAll("#main .text .code.come")].map((e) => e.innerText).join("\n")`)
}

func (b *tab) size(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// scheme has the system prefer light or dark.
func (b *tab) scheme(name string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// startReview serves a review of paths, as the command does, and returns the
// page's address. The end of the test ends it.
func startReview(t *testing.T, args ...string) string {
	t.Helper()
	opt, err := parseFlags(commandReview, args)
	if err != nil {
		t.Fatal(err)
	}
	devNull, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(opt, strings.NewReader(""), devNull, devNull)
	if err != nil {
		t.Fatal(err)
	}
	a.root = reportRoot(a.inputs)
	ctx, cancel := context.WithCancel(context.Background())
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- review.Serve(ctx, &review.Options{Engine: newReviewed(a), Passes: passes.All(), Results: opt.review.measured,
			Announce: func(url string) { urls <- url }})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = devNull.Close()
	})
	select {
	case url := <-urls:
		return url
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
		return ""
	}
}

// reviewTree makes a directory of files.
func reviewTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeText(t, path, text)
	}
	return dir
}

// service is a small project that most passes have something to do for.
func service(prefix string) map[string]string {
	return map[string]string{
		prefix + "Dockerfile": "FROM python:3.12\nWORKDIR /app\nADD . /app\nRUN pip install -r requirements.txt\n" +
			"MAINTAINER somebody@example.com\nCMD [\"python\", \"main.py\"]\n",
		prefix + "requirements.txt": "flask==3.0.3\n",
		prefix + "main.py":          "import flask\n",
		prefix + ".git/HEAD":        "ref: refs/heads/main\n",
		prefix + "tests/a_test.py":  "import main\n",
	}
}

// get asks the server as no browser would.
func get(t *testing.T, method, url string, header map[string]string, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		if k == "Host" {
			req.Host = v
		}
		req.Header.Set(k, v)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

var enter = kb.Enter
