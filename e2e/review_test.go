package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// TestReviewVerified asks the page of refit review --verify for its file: what is
// shown is what was built.
func TestReviewVerified(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), refitPath, "review", "--verify", "--quick", "--no-browser", site(t, ""))
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("no address: %v, %v", err, cmd.Wait())
	}
	p := openPage(t, url[:len(url)-1])
	var view struct {
		Measured *struct{ Changed, Good, Same bool }
	}
	p.ask("api/view", `{"files": [0]}`, &view)
	if m := view.Measured; m == nil || !m.Changed || !m.Good || !m.Same {
		t.Errorf("measured: %+v", m)
	}
	p.ask("api/done", `{}`, new(bool))
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// page is a review as a browser sees it.
type page struct {
	t            *testing.T
	client       *http.Client
	origin, base string
	csrf         string
}

var pageRE = regexp.MustCompile(`^(http://[^/]+)(/[^?]+)\?`)

func openPage(t *testing.T, url string) *page {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{t: t, client: &http.Client{Jar: jar}}
	at := pageRE.FindStringSubmatch(url)
	if at == nil {
		t.Fatalf("no address: %q", url)
	}
	p.origin, p.base = at[1], at[2]
	text := p.send(http.MethodGet, url, "")
	csrf := regexp.MustCompile(`"csrf":"([0-9a-f]+)"`).FindSubmatch(text)
	if csrf == nil {
		t.Fatalf("no secret in the page:\n%s", text)
	}
	p.csrf = string(csrf[1])
	return p
}

// ask calls the page's server.
func (p *page) ask(call, body string, answer any) {
	p.t.Helper()
	text := p.send(http.MethodPost, p.origin+p.base+call, body)
	if err := json.Unmarshal(text, answer); err != nil {
		p.t.Fatalf("%s: %v\n%s", call, err, text)
	}
}

func (p *page) send(method, url, body string) []byte {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Origin", p.origin)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Refit-Csrf", p.csrf)
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s, %v\n%s", url, resp.Status, err, text)
	}
	return text
}
