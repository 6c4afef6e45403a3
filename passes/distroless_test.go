package passes

import (
	"strings"
	"testing"
	"testing/fstest"

	"refit/internal/buildctx"
	"refit/transform"
)

const (
	divided = "FROM python:3.11-slim-bookworm AS builder\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n" +
		"RUN pip install -r requirements.txt\n\nFROM python:3.11-slim-bookworm\n"
	takesVenv = "COPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
	relinks   = "RUN ln -sf /usr/bin/python3 /opt/venv/bin/python \\\n    && ln -sf python /opt/venv/bin/python3 \\\n" +
		"    && ln -sf python /opt/venv/bin/python3.11 \\\n" +
		"    && sed -i -e 's|^home = .*|home = /usr/bin|' -e 's|^\\(include-system-site-packages\\) = .*|\\1 = false|' /opt/venv/pyvenv.cfg\n"
	emptied = "FROM gcr.io/distroless/python3-debian12:nonroot\n"
)

// toDistroless runs the pass twice: the second time nothing is left to do.
func toDistroless(t *testing.T, src string, files fstest.MapFS) *transform.Result {
	t.Helper()
	opt := &transform.Options{Context: buildctx.FromFS(files)}
	r, err := transform.Run("Dockerfile", src, []*transform.Pass{Distroless()}, opt)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	for _, ref := range r.Refused {
		t.Errorf("refused: %s\n%s", ref.Why, src)
	}
	again, err := transform.Run("Dockerfile", r.After, []*transform.Pass{Distroless()}, opt)
	if err != nil || r.Changed() && again.Changed() {
		t.Errorf("a second run: %v\n%s", err, again.After)
	}
	return r
}

var plainApp = fstest.MapFS{"app.py": {Data: []byte("print(1)\n")}}

func TestDistroless(t *testing.T) {
	builder := strings.TrimSuffix(divided, "\nFROM python:3.11-slim-bookworm\n")
	withDirs := strings.Replace(relinks, "RUN ", "RUN mkdir -p /opt/empty \\\n    && ", 1)
	for name, c := range map[string]struct{ before, after string }{
		"what our passes make": {
			divided + "WORKDIR /app\n# the user\nRUN groupadd --gid 1001 app && useradd --uid 1001 --gid 1001 --create-home app && chown 1001:1001 /app\n" +
				takesVenv + "COPY --chown=1001:1001 app.py .\nUSER 1001:1001\nCMD [\"python\", \"app.py\"]\n",
			builder + withDirs + "\n" + emptied + "ENTRYPOINT []\nCOPY --from=builder --chown=65532:65532 /opt/empty/ /app/\nWORKDIR /app\n# the user\n" +
				takesVenv + "COPY --chown=65532:65532 app.py .\nUSER 65532:65532\nCMD [\"python\", \"app.py\"]\n",
		},
		"a user by name, with an ENTRYPOINT": {
			divided + "RUN useradd -u 500 svc && mkdir -p /var/data && chown -R svc: /var/data\n" + takesVenv +
				"WORKDIR /app\nCOPY --chown=svc app.py .\nUSER svc\nENTRYPOINT [\"gunicorn\", \"app\"]\nCMD [\"-w\", \"2\"]\n",
			builder + withDirs + "\n" + emptied + "COPY --from=builder --chown=65532:65532 /opt/empty/ /var/data/\n" + takesVenv +
				"WORKDIR /app\nCOPY --chown=65532:65532 app.py .\nUSER 65532:65532\nENTRYPOINT [\"gunicorn\", \"app\"]\nCMD [\"-w\", \"2\"]\n",
		},
		"gunicorn's options, packages that are there, and no WORKDIR": {
			divided + "RUN apt-get update && apt-get install -y libgomp1 ca-certificates && rm -rf /var/lib/apt/lists/*\n" + takesVenv +
				"COPY app.py .\nUSER 1000\nENV GUNICORN_ARGS=\"-w 2 -b :80\"\nHEALTHCHECK NONE\nCMD [\"/bin/sh\", \"-c\", \"exec gunicorn app:app $GUNICORN_ARGS\"]\n",
			builder + relinks + "\n" + emptied + "ENTRYPOINT []\nWORKDIR /\n" + takesVenv +
				"COPY app.py .\nUSER 65532:65532\nENV GUNICORN_CMD_ARGS=\"-w 2 -b :80\"\nHEALTHCHECK NONE\nCMD [\"gunicorn\", \"app:app\"]\n",
		},
		"a plain command of a shell's": {
			divided + takesVenv + "WORKDIR /app\nUSER 1000\nHEALTHCHECK CMD [\"python3\", \"-c\", \"1\"]\nCMD [\"sh\", \"-c\", \"exec uvicorn app:app --port 80\"]\n",
			builder + relinks + "\n" + emptied + "ENTRYPOINT []\n" + takesVenv +
				"WORKDIR /app\nUSER 65532:65532\nHEALTHCHECK CMD [\"python3\", \"-c\", \"1\"]\nCMD [\"uvicorn\", \"app:app\", \"--port\", \"80\"]\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if r := toDistroless(t, c.before, plainApp); r.After != c.after {
				t.Errorf("got\n%s\nwant\n%s%+v", r.After, c.after, r.Steps[0].Declines)
			}
			crlf := strings.ReplaceAll(c.before, "\n", "\r\n")
			if r := toDistroless(t, crlf, plainApp); r.After != strings.ReplaceAll(c.after, "\n", "\r\n") {
				t.Errorf("with CRLF: got %q", r.After)
			}
		})
	}
}

func TestDistrolessTrixie(t *testing.T) {
	src := strings.NewReplacer("3.11-slim-bookworm", "3.13-slim-trixie").Replace(divided) + takesVenv + "USER 1000\nWORKDIR /a\nCMD [\"python\", \"-V\"]\n"
	r := toDistroless(t, src, plainApp)
	for _, part := range []string{"FROM gcr.io/distroless/python3-debian13:nonroot\n", "ln -sf python /opt/venv/bin/python3.13 "} {
		if !strings.Contains(r.After, part) {
			t.Errorf("%q is not in\n%s", part, r.After)
		}
	}
}

func TestDistrolessDeclines(t *testing.T) {
	const end = takesVenv + "WORKDIR /app\nUSER 1000\nCMD [\"python\", \"app.py\"]\n"
	with := func(step string) string { return divided + step + "\n" + end }
	start := func(steps string) string { return divided + takesVenv + "USER 1000\nWORKDIR /app\n" + steps + "\n" }
	copies := with("COPY app.py /app/")
	seen := map[string]bool{}
	for _, c := range []struct {
		key, src string
		code     string // of app.py
	}{
		{"other-base", strings.Replace(with(""), "\nFROM python:3.11-slim-bookworm", "\nFROM debian:12", 1), ""},
		{"other-base", with("USER 1000") + "FROM 1\nCMD [\"python\"]\n", ""},
		{"not-split", "FROM python:3.11-slim-bookworm\nUSER 1000\nCMD [\"python\"]\n", ""},
		{"not-split", strings.Replace(with(""), "-m venv /opt", "-m venv --copies /opt", 1), ""},
		{"not-split", strings.Replace(with(""), "RUN python -m", "RUN pip install flask\nRUN python -m", 1), ""},
		{"builder-shared", strings.Replace(with(""), "\n\nFROM", "\nFROM builder AS test\nRUN pytest\nFROM", 1), ""},
		{"builder-shared", strings.Replace(with(""), "\n\nFROM", "\nUSER 1000\nFROM", 1), ""},
		{"other-python", strings.ReplaceAll(with(""), "3.11-", "3.12-"), ""},
		{"other-python", strings.ReplaceAll(with(""), "bookworm", "bullseye"), ""},
		{"other-python", strings.Replace(with(""), "3.11-", "3.10-", 1), ""},
		{"not-slim", strings.ReplaceAll(with(""), "-slim", ""), ""},
		{"onbuild", with("ONBUILD COPY . ."), ""},
		{"absolute-path", with("ENV P=/usr/local/lib/python3.11/site-packages"), ""},
		{"absolute-path", copies, "import sys\nprint('/usr/local/bin/python')\n"},
		{"system-packages", with("RUN apt-get update && apt-get install -y libpq5"), ""},
		{"run-step", with("RUN python manage.py collectstatic"), ""},
		{"run-step", with("RUN useradd x || true"), ""},
		{"run-step", with("RUN mkdir /data"), ""},
		{"run-step", with("RUN mkdir /srv && chown 1000 /srv"), ""},
		{"run-step", with("COPY app.py /data/\nRUN chown -R 1000 /data"), ""},
		{"runs-as-root", strings.Replace(with(""), "USER 1000\n", "", 1), ""},
		{"runs-as-root", strings.Replace(with(""), "USER 1000", "USER root", 1), ""},
		{"other-owner", with("COPY --chown=www-data app.py /app/"), ""},
		{"other-owner", with("USER other"), ""},
		{"missing-directory", with("COPY app.py /srv"), ""},
		{"no-command", start(""), ""},
		{"shell-form", start("CMD python app.py $PORT"), ""},
		{"shell-form", start("CMD [\"sh\", \"-c\", \"python a.py && python b.py\"]"), ""},
		{"shell-form", start("CMD [\"sh\", \"-c\", \"exec uvicorn app:app --port $PORT\"]"), ""},
		{"shell-form", start("ENV GUNICORN_ARGS=\"-n 'a b'\"\nCMD [\"sh\", \"-c\", \"exec gunicorn app:app $GUNICORN_ARGS\"]"), ""},
		{"shell-form", start("HEALTHCHECK CMD curl -f http://localhost\nCMD [\"python\", \"a.py\"]"), ""},
		{"not-in-image", start("CMD [\"./start.sh\"]"), ""},
		{"not-in-image", start("CMD [\"env\", \"python\", \"a.py\"]"), ""},
		{"not-in-image", start("COPY run /usr/bin/\nCMD [\"run\"]"), ""},
		{"runs-programs", start("CMD [\"supervisord\"]"), ""},
		{"runs-programs", copies, "import subprocess\nsubprocess.run(['git', 'log'])\n"},
		{"loads-library", copies, "import ctypes.util\nctypes.util.find_library('magic')\n"},
	} {
		files := fstest.MapFS{"app.py": {Data: []byte(c.code)}, "run": {Data: []byte("#!/bin/sh\n")}}
		r := toDistroless(t, c.src, files)
		seen[c.key] = true
		if d := r.Steps[0].Declines; r.Changed() || len(d) != 1 || d[0].Key != c.key || d[0].Why == "" {
			t.Errorf("%s: got %+v for\n%s", c.key, d, c.src)
		}
	}
	r := runOne(t, Distroless(), copies)
	if d := r.Steps[0].Declines; len(d) != 1 || d[0].Key != "no-context" {
		t.Errorf("without a context: %+v", d)
	}
	seen["no-context"] = true
	for _, d := range Distroless().Declines {
		if !seen[d.Key] {
			t.Errorf("no case shows the reason %q", d.Key)
		}
	}
}
