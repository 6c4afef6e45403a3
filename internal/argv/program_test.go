package argv_test

import (
	"strings"
	"testing"

	"refit/internal/argv"
	"refit/internal/shell"
)

var sample = argv.NewProgram("poetry", "--only --directory,-C", "--no-root --no-interaction,-n --verbose,-v --module,-m")

func TestProgram(t *testing.T) {
	for _, c := range []struct {
		text, sub string
		operands  int
		known     bool
	}{
		{"poetry install --no-root --only main", "install", 0, true},
		{"poetry -n install -vvv", "install", 0, true},
		{"poetry -C api install", "install", 0, true},
		{"python -m poetry install", "install", 0, true},
		{"/opt/poetry/bin/poetry add flask gunicorn", "add", 2, true},
		{"poetry install --what", "install", 0, false},
		{"poetry", "", 0, true},
	} {
		got, ok := sample.Read(first(command(t, c.text)))
		if !ok {
			t.Errorf("%s: not read", c.text)
			continue
		}
		if got.Subcommand != c.sub || len(got.Operands) != c.operands || got.Known != c.known {
			t.Errorf("%s: %q, %d operands, known %v", c.text, got.Subcommand, len(got.Operands), got.Known)
		}
	}
	for _, text := range []string{"pip install poetry", "poetry run python", "echo poetry"} {
		if got, ok := sample.Read(first(command(t, text))); ok {
			t.Errorf("%s: read as %q", text, got.Subcommand)
		}
	}
}

func TestRuns(t *testing.T) {
	for _, c := range []struct {
		text, words, options string
		ok                   bool
	}{
		{"poetry run gunicorn app:app -b :80", "gunicorn app:app -b :80", "", true},
		{"exec poetry run python -m app", "python -m app", "", true},
		{"poetry -n run -v python app.py", "python app.py", "-n -v", true},
		{"poetry run -- python -V", "python -V", "--", true},
		{"poetry run", "", "", false},
		{"poetry run --what python", "", "", false},
		{"poetry install", "", "", false},
		{"python app.py", "", "", false},
	} {
		got, ok := sample.Runs(first(command(t, c.text)))
		if ok != c.ok {
			t.Errorf("%s: read %v", c.text, ok)
			continue
		}
		if ok && (texts(got.Words) != c.words || texts(got.Options) != c.options) {
			t.Errorf("%s: %q with the options %q", c.text, texts(got.Words), texts(got.Options))
		}
	}
}

func texts(words []shell.Word) string {
	var list []string
	for _, w := range words {
		list = append(list, w.Text)
	}
	return strings.Join(list, " ")
}
