package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"refit/internal/verify"
	"refit/transform"
)

// Options are what the page is about.
type Options struct {
	Engine   Engine
	Passes   []*transform.Pass          // the documentation of all that may be named
	Results  map[string]*verify.Outcome // what was built, by path
	Port     int                        // 0 is any that is free
	Announce func(url string)           // is told where the page is, once
	Applied  func(paths []string)       // is told what was written
}

// server answers the page.
type server struct {
	*secrets
	opt  *Options
	desk *desk
	page []byte
	done chan struct{}
	once sync.Once
}

// Serve serves the page on the loopback interface until the user is done with it
// or the context ends.
func Serve(ctx context.Context, opt *Options) error {
	s, err := newServer(opt)
	if err != nil {
		return err
	}
	listener, err := listen(opt.Port)
	if err != nil {
		return err
	}
	h := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(listener) }()
	opt.Announce(s.url(listener.Addr()))
	select {
	case err := <-failed:
		return fmt.Errorf("serving the page: %w", err)
	case <-s.done:
	case <-ctx.Done():
	}
	// Browsers keep connections open that they may need: those are not waited for
	// long, a write that has begun is.
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if h.Shutdown(stop) == nil {
		return nil
	}
	s.desk.disk.Lock()
	defer s.desk.disk.Unlock()
	return h.Close()
}

// listen opens a port of the loopback interface, which no other machine reaches.
func listen(port int) (net.Listener, error) {
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		return l, nil
	}
	if l, err6 := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port))); err6 == nil {
		return l, nil
	}
	return nil, fmt.Errorf("opening a port of the loopback interface: %w", err)
}

func newServer(opt *Options) (*server, error) {
	s := &server{secrets: newSecrets(), opt: opt, done: make(chan struct{})}
	s.desk = newDesk(opt.Engine, opt.Passes, opt.Results)
	start := newStart(s.desk.files, opt.Passes)
	start.CSRF, start.Base = s.csrf, s.base
	var err error
	s.page, err = livePage(start)
	return s, err
}

func (s *server) url(addr net.Addr) string {
	return "http://" + addr.String() + s.base + "?token=" + s.token
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+s.base+"{$}", s.servePage)
	mux.HandleFunc("GET "+s.base+"app.js", serveAsset("text/javascript; charset=utf-8", script))
	mux.HandleFunc("GET "+s.base+"app.css", serveAsset("text/css; charset=utf-8", style))
	mux.HandleFunc("POST "+s.base+"api/heads", s.answer(s.heads))
	mux.HandleFunc("POST "+s.base+"api/view", s.answer(s.view))
	mux.HandleFunc("POST "+s.base+"api/apply", s.answer(s.apply))
	mux.HandleFunc("POST "+s.base+"api/done", s.answer(s.end))
	return s.guard(mux)
}

// servePage answers whom guard has let through with the cookie or the token.
func (s *server) servePage(w http.ResponseWriter, r *http.Request) {
	s.setCookie(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(s.page) // the browser has gone, if that fails
}

func serveAsset(kind string, content func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(content()))
	}
}

// request is what the page asks; each call takes what it needs of it.
type request struct {
	Selection Selection `json:"selection"`
	Files     []int     `json:"files"`
	Apply     []Wanted  `json:"apply"`
}

// maxRequest is the size up to which a request is read.
const maxRequest = 4 << 20

// answer reads a request and writes what a call makes of it.
func (s *server) answer(call func(*request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req request
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
		d.DisallowUnknownFields()
		err := d.Decode(&req)
		if err == nil {
			err = s.check(&req)
		}
		var result any
		if err == nil {
			result, err = call(&req)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result) // the browser has gone, if that fails
	}
}

// check reports a file that is not under review.
func (s *server) check(req *request) error {
	seen := map[int]bool{}
	for _, i := range req.Files {
		if i < 0 || i >= len(s.desk.files) {
			return fmt.Errorf("no file %d", i)
		}
	}
	for _, w := range req.Apply {
		if w.File < 0 || w.File >= len(s.desk.files) || seen[w.File] {
			return fmt.Errorf("no file %d, or it is there twice", w.File)
		}
		seen[w.File] = true
	}
	return nil
}

// head is what the list of files shows of one.
type head struct {
	File    int      `json:"file"`
	Hash    string   `json:"hash"`
	Changed bool     `json:"changed"`
	Changes int      `json:"changes"`
	Held    int      `json:"held"`
	Needs   []int    `json:"needs"`
	Beside  []string `json:"beside"` // the files that are written along with it
	Error   string   `json:"error,omitempty"`
}

func newHead(v *View) head {
	beside := []string{}
	for _, t := range v.Texts[min(1, len(v.Texts)):] {
		beside = append(beside, t.Path)
	}
	return head{v.File, v.Hash, v.Changed, len(v.Changes), len(v.Held), v.Needs, beside, v.Error}
}

func (s *server) heads(req *request) (any, error) {
	list := []head{}
	for _, v := range s.desk.views(req.Files, &req.Selection) {
		list = append(list, newHead(v))
	}
	return list, nil
}

func (s *server) view(req *request) (any, error) {
	if len(req.Files) != 1 {
		return nil, errors.New("one file, please")
	}
	return s.desk.view(req.Files[0], &req.Selection), nil
}

func (s *server) apply(req *request) (any, error) {
	all := s.desk.apply(req.Apply, &req.Selection)
	for _, a := range all {
		if len(a.Paths) > 0 && s.opt.Applied != nil {
			s.opt.Applied(a.Paths)
		}
	}
	return all, nil
}

func (s *server) end(*request) (any, error) {
	s.once.Do(func() { close(s.done) })
	return true, nil
}
