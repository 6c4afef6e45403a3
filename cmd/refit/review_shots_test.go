package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// shots are the screenshots in the README.
var shots = []struct {
	name, scheme  string
	width, height int64
	keys          []string
	top           bool // the page is shown from its top, not from the selected change
}{
	{"review-light", "light", 1360, 900, []string{"n", "n", "n"}, true},
	{"review-dark", "dark", 1560, 900, []string{"n", "n", "n", "n", "n", "n", "d"}, false},
	{"review-narrow", "light", 400, 800, []string{"n", "n"}, false},
}

// TestReviewScreenshots makes the screenshots; with -update it writes them to
// docs/img. Fonts differ between machines, so their bytes are not compared: each
// must be there, small, and of the size that is made here.
func TestReviewScreenshots(t *testing.T) {
	dir, err := filepath.Abs("../../docs/img")
	if err != nil {
		t.Fatal(err)
	}
	browser := newBrowser(t)
	for _, shot := range shots {
		t.Run(shot.name, func(t *testing.T) {
			b := browser.open(t)
			b.size(shot.width, shot.height)
			b.scheme(shot.scheme)
			b.do(chromedp.Navigate(showcase(t)))
			b.settled()
			b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#files [title="flask-gunicorn/Dockerfile"]').click()`))
			b.wait(`document.querySelector("#main h1").innerText === "flask-gunicorn/Dockerfile"`)
			b.settled()
			for _, key := range shot.keys {
				b.press(key)
			}
			b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
			if shot.top {
				b.do(chromedp.Evaluate[chromedp.Void](`scrollTo(0, 0)`))
			}
			text, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, shot.name+".png")
			if *update {
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(kept) > 300<<10 {
				t.Errorf("%s has %d bytes", path, len(kept))
			}
			if now, was := sizeOf(t, text), sizeOf(t, kept); now != was {
				t.Errorf("%s is %v, and would be %v now: go test ./cmd/refit -run TestReviewScreenshots -update", path, was, now)
			}
		})
	}
}

func sizeOf(t *testing.T, text []byte) image.Point {
	t.Helper()
	config, err := png.DecodeConfig(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return image.Pt(config.Width, config.Height)
}
