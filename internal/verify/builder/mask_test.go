package builder

import (
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

func TestMaskOf(t *testing.T) {
	for name, hidden := range map[string]bool{
		"TOKEN": true, "PIP_TOKEN": true, "db_password": true, "APIKEY": true, "SECRET_KEY_BASE": true, "KEYS": true, "GIT_CREDENTIALS": true,
		"VERSION": false, "KEYBOARD": false, "TOKENIZER": false, "PYTHON_VERSION": false,
	} {
		got := MaskOf(map[string]string{name: "s3cret-value"}).Text("a s3cret-value b")
		if want := map[bool]string{true: "a *** b", false: "a s3cret-value b"}[hidden]; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	many := MaskOf(map[string]string{"A_KEY": "begin\nline of it\nend", "B_KEY": "line of it too", "C_KEY": "abc", "D_KEY": ""})
	for text, want := range map[string]string{"x line of it": "x ***", "line of it too": "***", "abc": "abc", "begin": "***", "end": "end"} {
		if got := many.Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestMaskedProgress: no value is in what is kept of a build, nor in what is shown.
func TestMaskedProgress(t *testing.T) {
	in := make(chan *client.SolveStatus, 1)
	now, id := time.Now(), digest.FromString("a")
	in <- &client.SolveStatus{
		Vertexes: []*client.Vertex{{Digest: id, Name: "[2/2] RUN curl -H s3cret-value host", Started: &now, Completed: &now, Error: "exit s3cret-value"}},
		Logs:     []*client.VertexLog{{Vertex: id, Data: []byte("got s3cret-value\n")}},
	}
	close(in)
	s := newSteps()
	s.mask = MaskOf(map[string]string{"TOKEN": "s3cret-value"})
	s.follow(in, nil)
	name, log := s.failed()
	for _, text := range append(log, name, s.list()[0].Name, s.byID[id].Error) {
		if strings.Contains(text, "s3cret") || !strings.Contains(text, "***") {
			t.Errorf("%q", text)
		}
	}
}
