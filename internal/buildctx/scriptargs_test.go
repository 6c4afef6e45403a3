package buildctx

import (
	"slices"
	"strings"
	"testing"
)

func TestHandled(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"case", "set -euo pipefail\ncase \"${1:-web}\" in\nweb|serve) exec gunicorn app ;;\nworker) echo; exec celery worker ;;\n*) exec \"$@\" ;;\nesac\n", "web serve worker"},
		{"if", "if [ \"$1\" = web ]; then exec gunicorn app\nelif [[ $1 == beat ]]; then exec celery beat; fi\nexec \"$@\"\n", "web beat"},
		{"exit", "case $1 in init) ./init.py; exit 0 ;; esac\nexec \"$@\"\n", "init"},
		{"goes on", "case $1 in web) migrate ;; beat) exec \"$@\" ;; esac\nexec \"$@\"\n", ""},
		{"background", "case $1 in web) exec gunicorn app & ;; esac\nexec \"$@\"\n", ""},
		{"falls through", "case $1 in web) exec gunicorn app ;;& esac\nexec \"$@\"\n", ""},
		{"pattern before", "case $1 in w*) echo ;; web) exec gunicorn app ;; esac\nexec \"$@\"\n", ""},
		{"other argument", "shift\ncase $1 in web) exec gunicorn app ;; esac\nexec \"$@\"\n", ""},
		{"set", "set -- x \"$@\"\ncase $1 in web) exec gunicorn app ;; esac\nexec \"$@\"\n", ""},
		{"of a function", "f() { case $1 in web) exec gunicorn app ;; esac; }\nf x\nexec \"$@\"\n", ""},
		{"not equal", "if [ $1 != web ]; then exec gunicorn app; fi\nexec \"$@\"\n", ""},
		{"negated", "if ! [ $1 = web ]; then exec gunicorn app; fi\nexec \"$@\"\n", ""},
		{"second", "case $2 in web) exec gunicorn app ;; esac\nexec \"$@\"\n", ""},
	} {
		if got := ParseScript("x.sh", []byte(c.script)).Handled; !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
