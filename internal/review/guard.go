package review

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"mime"
	"net"
	"net/http"
	"sync"
)

// secrets are what tells the user's own page from whatever else may send requests
// to the loopback interface: other users of the machine, and pages of other sites
// in the user's browser.
type secrets struct {
	base   string // a path that only the user knows, so that no other port is sent the cookie
	cookie string
	csrf   string

	mu    sync.Mutex
	token string // "" once it was used
}

const (
	cookieName = "refit-review"
	csrfHeader = "X-Refit-Csrf"
)

func newSecrets() *secrets {
	return &secrets{base: "/" + random()[:16] + "/", cookie: random(), csrf: random(), token: random()}
}

func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // which never fails
	return hex.EncodeToString(b)
}

// redeem reports whether the token is right. It is right once.
func (s *secrets) redeem(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == "" || !same(token, s.token) {
		return false
	}
	s.token = ""
	return true
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// setCookie hands over what is asked for from then on.
func (s *secrets) setCookie(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: s.cookie, Path: s.base, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func (s *secrets) hasCookie(r *http.Request) bool {
	c, err := r.Cookie(cookieName)
	return err == nil && same(c.Value, s.cookie)
}

// policy is the page's own: nothing but its script, its style and its server.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guard lets only requests through that the user's own page can make.
func (s *secrets) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if why := s.refuse(r); why != "" {
			http.Error(w, "refused: "+why, http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse says what is wrong with a request, or "".
func (s *secrets) refuse(r *http.Request) string {
	isPage := r.Method == http.MethodGet && r.URL.Path == s.base
	site := r.Header.Get("Sec-Fetch-Site") // every current browser sends it
	switch {
	case !isLoopback(r):
		return "the Host header is not this machine's loopback name" // DNS rebinding
	case isPage && s.hasCookie(r), isPage && s.redeem(r.URL.Query().Get("token")):
		return ""
	case isPage:
		return "the link was used before, or is not the one that refit printed; end refit and start it again"
	case site != "" && site != "same-origin":
		return "the request comes from another site"
	case !s.hasCookie(r):
		return "no session"
	case r.Method == http.MethodGet:
		return ""
	case r.Method != http.MethodPost:
		return "the method"
	case r.Header.Get("Origin") != "http://"+r.Host:
		return "the request comes from another origin"
	case !same(r.Header.Get(csrfHeader), s.csrf):
		return "no " + csrfHeader + " header"
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return "the content is not JSON"
	}
	return ""
}

// isLoopback reports a request that was sent to the loopback interface by a name
// that means it, at the port where it arrived.
func isLoopback(r *http.Request) bool {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		return false
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	_, want, err := net.SplitHostPort(local.String())
	return err == nil && port == want && (host == "127.0.0.1" || host == "::1" || host == "localhost")
}
