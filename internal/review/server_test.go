package review

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"refit/internal/report"
	"refit/transform"
)

// fakeEngine has files whose only change is that what is switched on is put into
// them.
type fakeEngine struct {
	files []File
	texts []string
	wrote []int
	fail  error
}

func (e *fakeEngine) Files() []File { return e.files }
func (e *fakeEngine) Look() Look    { return &fakeLook{e} }

type fakeLook struct{ *fakeEngine }

func (l *fakeLook) Close() {}

func (l *fakeLook) Write(i int) error {
	l.wrote = append(l.wrote, i)
	return l.fail
}

func (l *fakeLook) Rewrite(i int, on []string) *report.Entry {
	var list []*transform.Pass
	for _, name := range on {
		list = append(list, appending(name))
	}
	r, err := transform.Run(l.files[i].Path, l.texts[i], list, nil)
	if err != nil {
		return &report.Entry{File: report.Failed(l.files[i].Path, err.Error())}
	}
	e := &report.Entry{File: report.New(l.files[i].Path, r, "", nil), Result: r}
	if slices.Contains(on, "b") {
		e.Companions = []report.Companion{{Path: "x/.dockerignore", Content: "b\n", New: true}}
		e.Beside = []report.CompanionText{{Name: ".dockerignore", After: "b\n", New: true}}
		e.Changed = true
	}
	return e
}

func appending(name string) *transform.Pass {
	return &transform.Pass{Name: name, Alters: []string{"*"}, Run: func(f *transform.File) []transform.Finding {
		at, line := transform.Span{Start: len(f.Src), End: len(f.Src)}, "LABEL pass="+name+"\n"
		if strings.Contains(f.Src, line) {
			return nil
		}
		return []transform.Finding{{At: at, Why: "because", Edits: []transform.Edit{{Span: at, New: line}}}}
	}}
}

func fake() *fakeEngine {
	f := func(path, context string) File {
		return File{Path: path, Context: context, On: []string{"a"}, Switches: []string{"a", "b"}}
	}
	return &fakeEngine{files: []File{f("one", "x"), f("two", "x"), f("three", "y")}, texts: slices.Repeat([]string{"FROM scratch\n"}, 3)}
}

// client is a browser's part of the exchange.
type client struct {
	t      *testing.T
	page   string // the page's address, without the token
	first  string // with it
	cookie string
	csrf   string
}

// serve runs the real server until the test ends.
func serve(t *testing.T, e Engine) *client {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- Serve(ctx, &Options{Engine: e, Announce: func(u string) { urls <- u }}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	first := <-urls
	page, _, _ := strings.Cut(first, "?")
	return &client{t: t, page: page, first: first}
}

// send sends a request and returns the status and the text.
func (c *client) send(method, address, body string, header map[string]string) (int, string, http.Header) {
	c.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for k, v := range header {
		if k == "Host" {
			req.Host = v
		} else if v != "" {
			req.Header.Set(k, v)
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

// enter redeems the token.
func (c *client) enter() *client {
	c.t.Helper()
	code, page, header := c.send("GET", c.first, "", nil)
	if code != http.StatusOK {
		c.t.Fatalf("the link is answered with %d: %s", code, page)
	}
	c.cookie, _, _ = strings.Cut(header.Get("Set-Cookie"), ";")
	_, data, _ := strings.Cut(page, `id="data">`)
	data, _, _ = strings.Cut(data, "</script>")
	var s struct{ CSRF string }
	if err := json.Unmarshal([]byte(data), &s); err != nil {
		c.t.Fatal(err)
	}
	c.csrf = s.CSRF
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(header.Get("Set-Cookie"), want) {
			c.t.Errorf("the cookie lacks %s: %s", want, header.Get("Set-Cookie"))
		}
	}
	return c
}

func (c *client) origin() string {
	u, err := url.Parse(c.page)
	if err != nil {
		c.t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host
}

// headers are those that the page's own request has.
func (c *client) headers() map[string]string {
	return map[string]string{"Cookie": c.cookie, "Origin": c.origin(), "Sec-Fetch-Site": "same-origin",
		"Content-Type": "application/json", csrfHeader: c.csrf}
}

// TestOthersAreRefused sends what other users of the machine and other sites can.
func TestOthersAreRefused(t *testing.T) {
	e := fake()
	c := serve(t, e)
	if code, _, _ := c.send("GET", c.page+"?token=wrong", "", nil); code != http.StatusForbidden {
		t.Errorf("a wrong token is answered with %d", code)
	}
	if code, _, _ := c.send("GET", c.page, "", nil); code != http.StatusForbidden {
		t.Errorf("no token is answered with %d", code)
	}
	c.enter()
	if code, _, _ := c.send("GET", c.first, "", nil); code != http.StatusForbidden {
		t.Errorf("a used token is answered with %d", code)
	}
	if code, _, _ := c.send("GET", c.first, "", map[string]string{"Cookie": c.cookie}); code != http.StatusOK {
		t.Errorf("a reload is answered with %d", code)
	}
	call := c.page + "api/apply"
	body := `{"apply":[{"file":0,"hash":"x"}]}`
	for name, change := range map[string]map[string]string{
		"no cookie":                    {"Cookie": ""},
		"another cookie":               {"Cookie": cookieName + "=" + strings.Repeat("0", 64)},
		"another site's origin":        {"Origin": "http://evil.example"},
		"another port's origin":        {"Origin": "http://127.0.0.1:1"},
		"no origin":                    {"Origin": ""},
		"the origin null":              {"Origin": "null"},
		"another site":                 {"Sec-Fetch-Site": "cross-site"},
		"another port of this host":    {"Sec-Fetch-Site": "same-site"},
		"no header against forgery":    {csrfHeader: ""},
		"a wrong one":                  {csrfHeader: strings.Repeat("0", 64)},
		"a form's content":             {"Content-Type": "text/plain"},
		"a name that was rebound":      {"Host": "evil.example", "Origin": "http://evil.example"},
		"a name that was rebound, too": {"Host": "evil.example:80", "Origin": "http://evil.example:80"},
		"another port's host":          {"Host": "127.0.0.1:1", "Origin": "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := c.headers()
			for k, v := range change {
				h[k] = v
			}
			if code, text, _ := c.send("POST", call, body, h); code != http.StatusForbidden {
				t.Errorf("it is answered with %d: %s", code, text)
			}
		})
	}
	if code, _, _ := c.send("GET", c.page, "", map[string]string{"Cookie": c.cookie, "Host": "evil.example"}); code != http.StatusForbidden {
		t.Errorf("the page is served under another name: %d", code)
	}
	for _, path := range []string{"app.js", "api/view", "../../../etc/passwd", "web/index.html"} {
		if code, _, _ := c.send("GET", c.page+path, "", map[string]string{"Sec-Fetch-Site": "same-origin"}); code != http.StatusForbidden {
			t.Errorf("%s without a cookie is answered with %d", path, code)
		}
	}
	if len(e.wrote) > 0 {
		t.Errorf("files were written: %v", e.wrote)
	}
	if code, text, header := c.send("POST", call, body, c.headers()); code != http.StatusOK || !strings.Contains(text, "has changed since it was shown") {
		t.Errorf("the page's own request is answered with %d: %s", code, text)
	} else if header.Get("Content-Security-Policy") != policy || header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers: %v", header)
	}
}

// post asks as the page does.
func post[T any](c *client, call, body string) T {
	c.t.Helper()
	code, text, _ := c.send("POST", c.page+"api/"+call, body, c.headers())
	var v T
	if err := json.Unmarshal([]byte(text), &v); code != http.StatusOK || err != nil {
		c.t.Fatalf("%s: %d %s", call, code, text)
	}
	return v
}

func TestBadRequests(t *testing.T) {
	c := serve(t, fake()).enter()
	for _, body := range []string{"", "{", `{"files":[3]}`, `{"files":[-1]}`, `{"files":[]}`, `{"path":"/etc/passwd"}`, `{"files":["/etc/passwd"]}`,
		`{"files":[0],"selection":{"file":{"0":7}}}`, `{"files":[0]` + strings.Repeat(" ", maxRequest) + `}`} {
		if code, text, _ := c.send("POST", c.page+"api/view", body, c.headers()); code != http.StatusBadRequest {
			t.Errorf("%.40q is answered with %d: %s", body, code, text)
		}
	}
	if code, _, _ := c.send("POST", c.page+"api/apply", `{"apply":[{"file":0},{"file":0}]}`, c.headers()); code != http.StatusBadRequest {
		t.Errorf("a file that is there twice is answered with %d", code)
	}
}

func TestSelection(t *testing.T) {
	e := fake()
	c := serve(t, e).enter()
	type view struct {
		Hash  string
		Texts []struct{ Path string }
		Needs []int
	}
	plain := post[view](c, "view", `{"files":[1]}`)
	if len(plain.Texts) != 1 || len(plain.Needs) != 0 {
		t.Errorf("%+v", plain)
	}
	all := post[view](c, "view", `{"files":[1],"selection":{"all":{"b":true}}}`)
	if len(all.Texts) != 2 || all.Hash == plain.Hash || len(all.Needs) != 1 || all.Needs[0] != 0 {
		t.Errorf("%+v", all)
	}
	but := post[view](c, "view", `{"files":[1],"selection":{"all":{"b":true},"file":{"1":{"b":false}}}}`)
	if but.Hash != plain.Hash || len(but.Needs) != 1 {
		t.Errorf("%+v", but)
	}
	heads := post[[]head](c, "heads", `{"files":[0,1,2]}`)
	if len(heads) != 3 || heads[1].Hash != plain.Hash || heads[2].File != 2 || !heads[2].Changed {
		t.Errorf("%+v", heads)
	}
}

func TestApplied(t *testing.T) {
	e := fake()
	c := serve(t, e).enter()
	hashes := post[[]head](c, "heads", `{"files":[0,1,2]}`)
	want := func(i int) string { return hashes[i].Hash }
	e.texts[0] = "FROM debian\n" // in the meantime
	results := post[[]Applied](c, "apply", `{"apply":[{"file":2,"hash":"`+want(2)+`"},{"file":1,"hash":"`+want(1)+`"},{"file":0,"hash":"`+want(0)+`"}]}`)
	if len(results) != 3 || results[0].Written || results[1].Written || !results[2].Written || !slices.Equal(e.wrote, []int{2}) {
		t.Errorf("%+v, %v", results, e.wrote)
	}
	if !strings.Contains(results[1].Error, "one, which comes before it") {
		t.Errorf("%+v", results[1])
	}
	e.fail = errors.New("the disk is full")
	fresh := post[[]head](c, "heads", `{"files":[0]}`)
	results = post[[]Applied](c, "apply", `{"apply":[{"file":0,"hash":"`+fresh[0].Hash+`"}]}`)
	if results[0].Written || results[0].Error != "the disk is full" {
		t.Errorf("%+v", results)
	}
}

func TestDone(t *testing.T) {
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Serve(context.Background(), &Options{Engine: fake(), Announce: func(u string) { urls <- u }})
	}()
	first := <-urls
	page, _, _ := strings.Cut(first, "?")
	c := (&client{t: t, page: page, first: first}).enter()
	post[bool](c, "done", "{}")
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
