package buildctx

import (
	"bytes"
	"strings"

	"refit/internal/lazyregexp"
)

// Routes and requests of web applications look like absolute paths: the calls of the frameworks that take them are
// known by name, after the documentation of Flask, FastAPI, Starlette, aiohttp, Bottle, Sanic, Litestar and Django.

// routers are decorators that take routes. Others may take files: @click.option(default="/data"), @persist("/data/x").
var routers = set(`route get post put delete patch head options trace any websocket websocket_route api_route ws stream page
	expose resource endpoint view on`)

// routeCalls take a route as their first argument wherever they stand.
var routeCalls = set(`route add_url_rule add_route add_api_route add_websocket_route add_api_websocket_route add_get add_post add_put
	add_delete add_patch Route WebSocketRoute APIRoute url_for redirect RedirectResponse HttpResponseRedirect`)

// requestVerbs make requests with the first argument of a client's method, requestClients are what clients are called.
var (
	requestVerbs   = set("get post delete patch head options")
	requestClients = set("client test_client requests session httpx")
)

var (
	routeKeyRE    = lazyregexp.New(`^(?:path|rule|route|uri|url)\s*=\s*`)
	routePrefixRE = lazyregexp.New(`^\([^()]*\b(?:url_prefix|prefix|namespace)\s*=\s*[rRuUfF]?["']`)
	resourceRE    = lazyregexp.New(`^\(\s*[\w.]+\s*,\s*["']`)
)

// prefixed take a prefix of routes by keyword.
var prefixed = set("APIRouter include_router Blueprint register_blueprint Namespace add_namespace on")

// route notes the strings that are routes in a call, by the name before the parenthesis at open.
func (s *pyScanner) route(name, base string, open, at int) {
	args := s.src[open:min(len(s.src), open+maxPortArgs)]
	if prefixed[base] {
		s.routeAt(routePrefixRE, args, open)
	}
	of := strings.TrimSuffix(strings.TrimSuffix(name, base), ".")
	of = of[strings.LastIndexByte(of, '.')+1:]
	switch decorator := s.decorates(at); {
	case decorator && routers[base]:
		s.routesFrom(open+1, maxRoutes)
	case routeCalls[base], requestVerbs[base] && requestClients[of]:
		s.routesFrom(open+1, 1)
	case (base == "path" || base == "re_path") && (s.file == "urls.py" || strings.HasSuffix(s.file, "/urls.py")):
		s.routesFrom(open+1, 1)
	case base == "add_resource":
		s.routeAt(resourceRE, args, open)
	}
}

// maxRoutes is how many routes of one decorator are looked at.
const maxRoutes = 10

// routesFrom notes up to limit strings that stand one after another as arguments.
func (s *pyScanner) routesFrom(at, limit int) {
	end := min(len(s.src), at+maxPortArgs)
	for ; limit > 0; limit-- {
		rest := bytes.TrimLeft(s.src[at:end], ", \t\r\n")
		rest = rest[len(routeKeyRE.Regexp().Find(rest)):]
		quote := bytes.IndexAny(rest, `"'`)
		if quote < 0 || quote > 2 {
			return
		}
		s.routes[end-len(rest)+quote] = true
		_, tail, ok := pyString(rest)
		if !ok || tail == nil {
			return
		}
		at = end - len(tail)
	}
}

// routeAt notes the string whose quote ends the match.
func (s *pyScanner) routeAt(re *lazyregexp.Regexp, args []byte, open int) {
	if m := re.Regexp().FindIndex(args); m != nil {
		s.routes[open+m[1]-1] = true
	}
}

// decorates reports a name at the start of a decorator.
func (s *pyScanner) decorates(at int) bool {
	if at == 0 || s.src[at-1] != '@' {
		return false
	}
	before := bytes.TrimRight(s.src[:at-1], " \t")
	return len(before) == 0 || before[len(before)-1] == '\n'
}
