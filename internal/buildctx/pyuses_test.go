package buildctx

import (
	"strings"
	"testing"
	"time"
)

func whats(list []Use) string {
	var out []string
	for _, u := range list {
		out = append(out, u.What)
	}
	return strings.Join(out, " ")
}

func pythonUses(t *testing.T, pairs ...string) *Uses {
	t.Helper()
	u, err := files(pairs...).PythonUses()
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestPythonCommands(t *testing.T) {
	tests := []struct{ src, commands, unknown string }{
		{"subprocess.run(['git', 'clone', url])", "git", ""},
		{"subprocess.check_output(\n    [\n        \"ffmpeg\", '-i', x])", "ffmpeg", ""},
		{"subprocess.run('cat a | /usr/bin/grep b; cd x && ls', shell=True)", "cat grep ls", ""},
		{"subprocess.Popen(args=('convert', a))", "convert", ""},
		{"subprocess.run([sys.executable, '-m', 'x'])", "python", ""},
		{"subprocess.call(cmd)", "", "subprocess.call"},
		{"subprocess.call([tool, 'x'])", "", "subprocess.call"},
		{"subprocess.run(['sudo', '-u', user, cmd])", "sudo", "subprocess.run"},
		{"subprocess.run(['sh', '-c', 'curl x | jq .'])", "curl jq sh", ""},
		{"subprocess.run(['bash', 'x.sh'])", "bash", "subprocess.run"},
		{"subprocess.run(f'wget {url} -O {out}', shell=True)", "wget", ""},
		{"subprocess.run(f'{tool} x', shell=True)", "", "subprocess.run"},
		{"os.system('unzip %s' % name)", "unzip", ""},
		{"os.system('%s x' % name)", "", "os.system"},
		{"os.system('tar xf ' + name)", "tar", ""},
		{"os.system('file {}'.format(name))", "file", ""},
		{"os.popen(\"\"\"ps aux\n\"\"\")", "ps", ""},
		{"os.system('')", "", ""},
		{"os.system('echo ready')", "sh", ""},
		{"subprocess.run(['kill', '1'])", "kill", ""},
		{"os.execvp('gs', args)", "gs", ""},
		{"os.spawnlp(os.P_WAIT, 'cp')", "", "os.spawnlp"},
		{"shutil.which('node')", "node", ""},
		{"shutil.which(name)", "", "shutil.which"},
		{"subprocess.run('ls -l'.split())", "ls", ""},
		{"subprocess.run('a' if x else 'b')", "", "subprocess.run"},
		{"from subprocess import run as r, PIPE\nr(['gcc'])\nself.r(x)", "gcc", ""},
		{"from subprocess import (\n  check_call,\n)\ncheck_call(['make'])", "make", ""},
		{"import subprocess as sp\nsp.run(['hg'])", "hg", ""},
		{"from os import system\nsystem('svn up')\ndef system(x): pass", "svn", ""},
		{"await asyncio.create_subprocess_exec('pdftotext', x)", "pdftotext", ""},
		{"  # subprocess.run(['no'])", "", ""},
		{"app.run()", "", ""},
		{"subprocess.run(", "", "subprocess.run"},
		{"subprocess.run('unclosed", "", "subprocess.run"},
	}
	for _, tt := range tests {
		u := pythonUses(t, "a.py", tt.src)
		if c, n := whats(u.Commands), whats(u.Unknown); c != tt.commands || n != tt.unknown || !u.Complete {
			t.Errorf("%s\n got %q, unknown %q\nwant %q, unknown %q", tt.src, c, n, tt.commands, tt.unknown)
		}
	}
}

func TestPythonUses(t *testing.T) {
	u := pythonUses(t, ".dockerignore", "tests\n",
		"app/main.py", `import os, numpy as np, a.b  # x
from tkinter import *
  import mimetypes; x
from . import views
from .models import M
from sqlalchemy.orm import Session
importlib.import_module("yaml.loader")
ctypes.util.find_library('magic')
ctypes.CDLL("libvips.so.42")
app.run(host="0.0.0.0", debug=True, port=80)
sock.bind(("", 443))
app.listen(int(os.getenv("HTTP_PORT", "82")))
app.run("0.0.0.0", port=os.environ.get("PORT", 8080), timeout=os.getenv("WAIT", 90))
smtp = SMTP(host, port=587)
requests.get(u, port=80)
open("/root/.cache/x")
os.path.expanduser(p)
`, "gunicorn.conf.py", "bind = '0.0.0.0:81'\nbind = f\"0.0.0.0:{os.environ.get('PORT', 83)}\"\nos.getenv('SMTP_PORT', '25')\nos.getenv('HTTP_PORT', '8080')\n", "tests/t.py", "import hidden", "venv/pyvenv.cfg", "", "venv/x.py", "import inside")
	for name, got := range map[string][2]string{
		"imports":   {whats(u.Imports), "a mimetypes numpy os sqlalchemy tkinter yaml"},
		"libraries": {whats(u.Libraries), "libvips.so.42 magic"},
		"ports":     {whats(u.LowPorts), "443 80 81 82 83"},
		"home":      {whats(u.Home), "/root/.cache/x expanduser"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s = %q, want %q", name, got[0], got[1])
		}
	}
	if !u.Imported("tkinter") || u.Imported("hidden") || u.Files != 2 || !u.Complete {
		t.Errorf("%+v", u)
	}
	if l := u.Libraries[0]; l.Line != 9 || l.File != "app/main.py" {
		t.Errorf("%+v", l)
	}
	var unknown *Context
	if _, err := unknown.PythonUses(); err != ErrUnknown {
		t.Errorf("nil context: %v", err)
	}
}

func TestPythonLimit(t *testing.T) {
	line := "import os\nx = foo.bar('baz', port=80)  # something long enough to look like a line of code\n"
	pairs := []string{}
	for _, name := range []string{"a.py", "b.py", "c.py", "d.py", "e.py"} {
		pairs = append(pairs, name, strings.Repeat(line, (MaxText-100)/len(line)))
	}
	start := time.Now()
	u := pythonUses(t, pairs...)
	if u.Complete || u.Files != 4 {
		t.Errorf("files %d, complete %v", u.Files, u.Complete)
	}
	if d := time.Since(start); d > patience {
		t.Errorf("took %v", d)
	}
}

func FuzzPythonUses(f *testing.F) {
	for _, s := range []string{"subprocess.run(['a', f'{b}'])", "os.system(r'''x''' \"y\" % z)", "from os import (system as s)\ns('x'", "import a as b, c", "run(port = 80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		u, err := files("a.py", src).PythonUses()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range [][]Use{u.Imports, u.Commands, u.Unknown, u.Libraries, u.LowPorts, u.Home} {
			for _, use := range l {
				if use.Line < 1 || use.Line > strings.Count(src, "\n")+1 || use.What == "" {
					t.Fatalf("%+v", use)
				}
			}
		}
	})
}
