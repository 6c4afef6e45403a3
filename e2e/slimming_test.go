package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"refit/internal/verify"
)

// slimmed is a project whose environment has all that the slimming passes take out:
// pip, headers and tests (greenlet's), bytecode, and symbols of what is compiled
// (MarkupSafe).
var slimmed = map[string]string{
	"requirements.txt": "gunicorn==23.0.0\ngreenlet==3.1.1\nmarkupsafe==2.1.5\n",
	"app.py": `import greenlet
import markupsafe._speedups


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [markupsafe.escape("<" + greenlet.__version__ + ">").encode()]
`,
	"Dockerfile": `FROM python:3.11-bookworm AS builder
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --no-cache-dir --no-binary markupsafe -r requirements.txt

FROM python:3.11-slim-bookworm
COPY --from=builder /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY app.py .
EXPOSE 8000
CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]
`,
}

// TestSlimming builds what the passes that slim the environment make: it answers as
// before, and what they promise to leave out is not there.
func TestSlimming(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "slimmed")
	for name, text := range slimmed {
		write(t, filepath.Join(dir, name), text)
	}
	const passes = "headers-out,pip-out,tests-out,strip-symbols,bytecode-out"
	outcomes, out := verified(t, "--quick", "--only", passes, "-w", dir)
	if out.status != 0 {
		t.Errorf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	o := outcomes["slimmed/Dockerfile"]
	good(t, o)
	passing(t, o, append([]string{verify.CheckHTTP}, all...)...)
	t.Logf("compressed %d → %d, unpacked %d → %d", o.Before.Compressed, o.After.Compressed, o.Before.Unpacked, o.After.Unpacked)
	if saved := o.Before.Unpacked - o.After.Unpacked; saved < 15e6 || o.After.Compressed >= o.Before.Compressed {
		t.Errorf("the image is %d bytes smaller", saved)
	}
	after := read(t, filepath.Join(dir, "Dockerfile"))
	const packages = "/opt/venv/lib/python3.11/site-packages"
	checks := []string{
		"-e /opt/venv/include/site/python3.11/greenlet/greenlet.h",
		"-e /opt/venv/bin/pip",
		"-e " + packages + "/pip",
		"-e " + packages + "/setuptools",
		"-e " + packages + "/greenlet/tests",
		`-n "$(find /opt/venv -name __pycache__)"`,
		"$(stat -c %s " + packages + "/markupsafe/_speedups*.so) -gt 30000",
	}
	holds(t, dir, slimmed["Dockerfile"], "test "+strings.Join(checks, " && test "))
	holds(t, dir, after, "test ! "+strings.Join(checks, " && test ! "))
}

// holds runs a shell command in the image that a Dockerfile makes.
func holds(t *testing.T, context, dockerfile, command string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), dockerfile+"USER root\nRUN "+command+"\n")
	cmd := exec.CommandContext(t.Context(), "buildctl", "build", "--frontend", "dockerfile.v0",
		"--local", "context="+context, "--local", "dockerfile="+dir)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("not so in the image: %s: %v\n%s", command, err, tail(string(text)))
	}
}
