package argv

import "refit/internal/shell"

// GunicornCmd is a call of gunicorn.
type GunicornCmd struct {
	Call
	Args
	App shell.Word // MODULE:APP; the zero Word when the configuration names it
}

// Gunicorn reads gunicorn and python -m gunicorn, and gunicorn_django and
// gunicorn_paster of old.
func Gunicorn(c *shell.Command) (*GunicornCmd, bool) {
	call, ok := Of(c)
	if !ok {
		return nil, false
	}
	switch call.Name {
	case "gunicorn", "gunicorn3", "gunicorn_django", "gunicorn_paster":
	default:
		return nil, false
	}
	g := &GunicornCmd{Call: call, Args: read(&call, &gunicornSyntax)}
	if len(g.Operands) > 0 {
		g.App = g.Operands[0]
		g.Operands = g.Operands[1:]
	}
	return g, true
}

// Server names the server or worker that a command starts, among those that
// Python images run, or "".
func Server(c *shell.Command) string {
	call, ok := Of(c)
	if !ok {
		return ""
	}
	switch call.Name {
	case "gunicorn", "uvicorn", "hypercorn", "daphne", "uwsgi", "waitress-serve", "granian",
		"flask", "celery", "streamlit", "fastapi", "rq", "dramatiq", "airflow", "jupyter":
		return call.Name
	}
	return ""
}

// gunicornSyntax is gunicorn's command line, read from gunicorn.config of
// version 27 (the parser that Config makes, an argparse one); --debug,
// --settings, --django-settings and --log-syslog's kin from 18 and 19.
var gunicornSyntax = syntax{equals: true, abbreviate: true, options: []option{
	{"--help", "-h", nothing}, {"--version", "-v", nothing}, {"--config", "-c", value},
	{"--bind", "-b", value}, {"--backlog", "", value}, {"--workers", "-w", value},
	{"--worker-class", "-k", value}, {"--threads", "", value}, {"--worker-connections", "", value},
	{"--max-requests", "", value}, {"--max-requests-jitter", "", value}, {"--timeout", "-t", value},
	{"--graceful-timeout", "", value}, {"--keep-alive", "", value}, {"--limit-request-line", "", value},
	{"--limit-request-fields", "", value}, {"--limit-request-field_size", "", value},
	{"--reload", "", nothing}, {"--reload-engine", "", value}, {"--reload-extra-file", "", value},
	{"--spew", "", nothing}, {"--check-config", "", nothing}, {"--print-config", "", nothing},
	{"--preload", "", nothing}, {"--no-sendfile", "", nothing}, {"--reuse-port", "", nothing},
	{"--chdir", "", value}, {"--daemon", "-D", nothing}, {"--env", "-e", value}, {"--pid", "-p", value},
	{"--worker-tmp-dir", "", value}, {"--user", "-u", value}, {"--group", "-g", value},
	{"--umask", "-m", value}, {"--initgroups", "", nothing}, {"--forwarded-allow-ips", "", value},
	{"--access-logfile", "", value}, {"--disable-redirect-access-to-syslog", "", nothing},
	{"--access-logformat", "", value}, {"--error-logfile", "--log-file", value},
	{"--log-level", "", value}, {"--capture-output", "", nothing}, {"--logger-class", "", value},
	{"--log-config", "", value}, {"--log-config-json", "", value}, {"--log-syslog-to", "", value},
	{"--log-syslog", "", nothing}, {"--log-syslog-prefix", "", value}, {"--log-syslog-facility", "", value},
	{"--enable-stdio-inheritance", "-R", nothing}, {"--statsd-host", "", value},
	{"--dogstatsd-tags", "", value}, {"--statsd-prefix", "", value}, {"--enable-backlog-metric", "", nothing},
	{"--name", "-n", value}, {"--pythonpath", "", value}, {"--paste", "--paster", value},
	{"--proxy-protocol", "", maybe}, {"--proxy-allow-from", "", value}, {"--protocol", "", value},
	{"--uwsgi-allow-from", "", value}, {"--keyfile", "", value}, {"--certfile", "", value},
	{"--ssl-version", "", value}, {"--cert-reqs", "", value}, {"--ca-certs", "", value},
	{"--suppress-ragged-eofs", "", nothing}, {"--do-handshake-on-connect", "", nothing},
	{"--ciphers", "", value}, {"--http-protocols", "", value}, {"--http2-cleartext", "", value},
	{"--http2-max-concurrent-streams", "", value}, {"--http2-initial-window-size", "", value},
	{"--http2-max-frame-size", "", value}, {"--http2-max-header-list-size", "", value},
	{"--paste-global", "", value}, {"--permit-obsolete-folding", "", nothing},
	{"--strip-header-spaces", "", nothing}, {"--permit-unconventional-http-method", "", nothing},
	{"--permit-unconventional-http-version", "", nothing}, {"--casefold-http-method", "", nothing},
	{"--forwarder-headers", "", value}, {"--header-map", "", value}, {"--asgi-loop", "", value},
	{"--asgi-lifespan", "", value}, {"--asgi-disconnect-grace-period", "", value},
	{"--websocket-max-message-size", "", value}, {"--http-parser", "", value}, {"--root-path", "", value},
	{"--dirty-app", "", value}, {"--dirty-workers", "", value}, {"--dirty-timeout", "", value},
	{"--dirty-threads", "", value}, {"--dirty-graceful-timeout", "", value},
	{"--control-socket", "", value}, {"--control-socket-mode", "", value}, {"--no-control-socket", "", nothing},
	{"--debug", "", nothing}, {"--settings", "", value},
}}
