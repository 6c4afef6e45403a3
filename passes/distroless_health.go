package passes

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// health makes the command of a HEALTHCHECK do without a shell and without curl
// or wget. Docker asks for no more than whether it succeeds.
func (d *distroless) health(in *transform.Instruction) *transform.Finding {
	sc := shell.Of(d.f, in)
	no := held(in.Body, "shell-form", "a shell runs the health check, and distroless has none")
	c := soleCommand(sc)
	if c == nil || hasComment(d.f.Text(in.Body)) {
		return no
	}
	words, request := requestWords(c)
	switch _, fetches := argv.Fetch(c); {
	case request:
		delete(d.fetchers, c.Name())
		d.notes = append(d.notes, transform.Note{At: in.Body, Why: "Python makes the request of the health check, which " + c.Name() + " made"})
	case fetches:
		return held(in.Body, "not-in-image", "distroless has no %s, and how Python could make the same request is not known", c.Name())
	case sc.Form == shell.ExecForm && !isShell(c.Name()):
		return d.program(in, c.Words[0].Text)
	case sc.Form == shell.ExecForm:
		return no
	default:
		for _, w := range c.Words {
			if !w.Static {
				return no
			}
			words = append(words, w.Text)
		}
		if shellOwn(c.Words) {
			return no
		}
	}
	span := transform.Span{Start: shell.In(in, sc.Commands()[0].Span).Start, End: in.Body.End}
	if sc.Form == shell.ExecForm {
		span = arraySpan(d.f, in, sc)
	}
	d.edits = append(d.edits, transform.Edit{Span: span, New: jsonArray(words...)})
	return d.program(in, words[0])
}

// soleCommand is the command of a script that does nothing else: but for its
// output, which goes nowhere, and "|| exit 1" behind it, which changes a status
// that Docker takes for a failure anyway.
func soleCommand(sc *shell.Script) *shell.Command {
	all := sc.Commands()
	if sc.Form != shell.ShellForm && sc.Form != shell.ExecForm || len(all) == 0 || len(all) > 2 {
		return nil
	}
	if len(all) == 2 {
		end := all[1]
		name := end.Name()
		fails := name == "false" && len(end.Words) == 1 || name == "exit" && len(end.Words) == 2 && end.Words[1].Text == "1"
		if end.Op != "||" || !fails || len(end.Redirs)+len(end.Assigns) > 0 {
			return nil
		}
	}
	c := all[0]
	if c.Kind != shell.Simple || c.Name() == "" || len(c.Assigns) > 0 || c.Negated || c.Background {
		return nil
	}
	for _, r := range c.Redirs {
		if !(r.Op == ">" && r.Target.Text == "/dev/null" || r.Op == ">&" && r.Fd == "2" && r.Target.Text == "1") {
			return nil
		}
	}
	return c
}

// requestWords are a call of Python that succeeds when a call of curl or wget
// does: the one follows redirects only where it is told to, and fails for an
// error of the server only where it is told to, the other does both.
func requestWords(c *shell.Command) ([]string, bool) {
	call, ok := argv.Fetch(c)
	if !ok || !call.Known || !call.Static || call.Fed || len(call.Operands) != 1 || len(call.Wrappers) > 0 {
		return nil, false
	}
	address := call.Operands[0].Text
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" || strings.ContainsAny(address, "'\\{}[]* ") {
		return nil, false
	}
	if out, ok := call.Option("--output"); ok && out.Value != "/dev/null" {
		return nil, false
	}
	if out, ok := call.Option("--output-document"); ok && out.Value != "/dev/null" && out.Value != "-" {
		return nil, false
	}
	method, timeout := "GET", ""
	if call.Has("--head", "--spider") {
		method = "HEAD"
	}
	for _, name := range []string{"--max-time", "--connect-timeout", "--timeout"} {
		if o, ok := call.Option(name); ok {
			if _, err := strconv.ParseFloat(o.Value, 64); err != nil {
				return nil, false
			}
			timeout = ", timeout=" + o.Value
		}
	}
	if call.Name == "wget" || call.Has("--location") {
		if call.Name == "curl" && !call.Has("--fail") {
			return nil, false // urlopen fails where curl would not
		}
		script := fmt.Sprintf("import urllib.request as r; r.urlopen(r.Request('%s', method='%s')%s)", address, method, timeout)
		return []string{"python", "-c", script}, true
	}
	host := fmt.Sprintf("'%s'", u.Hostname())
	if u.Port() != "" {
		host += ", " + u.Port()
	}
	path := u.RequestURI()
	script := fmt.Sprintf("import http.client; c = http.client.HTTPConnection(%s%s); c.request('%s', '%s'); ", host, timeout, method, path)
	if call.Has("--fail") {
		return []string{"python", "-c", script + "raise SystemExit(c.getresponse().status >= 400)"}, true
	}
	return []string{"python", "-c", script + "c.getresponse()"}, true
}
