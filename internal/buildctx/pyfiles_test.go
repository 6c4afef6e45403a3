package buildctx

import "testing"

func TestPythonWrites(t *testing.T) {
	tests := []struct{ src, writes string }{
		{"open('x')", ""},
		{"open(name, 'rb')", ""},
		{"open(name, 'w')", "open"},
		{"with open(os.path.join(d, 'x'), mode='ab') as f:", "open"},
		{"open(name, mode)", "open"},
		{"io.open('x', 'r+')", "io.open"},
		{"Path('x').write_text('y')", ".write_text"},
		{"path.write_text('y')", "path.write_text"},
		{"os.makedirs('logs', exist_ok=True)", "os.makedirs"},
		{"logging.FileHandler('x.log')", "logging.FileHandler"},
		{"logging.basicConfig(level=1)", ""},
		{"logging.basicConfig(filename='x.log')", "logging.basicConfig"},
		{"sqlite3.connect('x.db')", "sqlite3.connect"},
		{"sqlite3.connect(':memory:')", ""},
		{"URL = 'sqlite:///x.db'", "sqlite"},
		{"'ENGINE': 'django.db.backends.sqlite3'", "sqlite"},
		{"# open('x', 'w')", ""},
	}
	for _, tt := range tests {
		if got := whats(pythonUses(t, "a.py", tt.src).Writes); got != tt.writes {
			t.Errorf("%s: writes %q, want %q", tt.src, got, tt.writes)
		}
	}
}

func TestPythonPlaces(t *testing.T) {
	u := pythonUses(t, "a.py", "a = '/var/log/app.log'\nb = \"/dev/ttyUSB0\"\n@app.route('/users/<id>')\nc = '/data/x y'\n"+
		"os.chown(a, 1, 1)\ns = socket.socket(socket.AF_INET, socket.SOCK_RAW)\n")
	if got, want := whats(u.Places), "/data/x y /dev/ttyUSB0 /var/log/app.log"; got != want {
		t.Errorf("places %q, want %q", got, want)
	}
	if got, want := whats(u.Privileged), "SOCK_RAW os.chown"; got != want {
		t.Errorf("privileged %q, want %q", got, want)
	}
}

func TestPythonPrefix(t *testing.T) {
	u := pythonUses(t, "a.py", "#!/usr/local/bin/python3\n# '/usr/local/bin/flask'\nrun(['/usr/local/bin/celery', 'x'])\np = \"/usr/local/lib/python3.11/site-packages\"\nq = '/usr/bin/git'\n")
	if got, want := whats(u.Prefix), "/usr/local/bin/celery /usr/local/bin/python3 /usr/local/lib/python3.11/site-packages"; got != want {
		t.Errorf("prefix %q, want %q", got, want)
	}
}
