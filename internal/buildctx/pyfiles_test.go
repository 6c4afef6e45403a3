package buildctx

import "testing"

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
