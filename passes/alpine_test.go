package passes

import (
	"strings"
	"testing"
	"testing/fstest"

	"refit/internal/buildctx"
	"refit/transform"
)

func TestAlpineObstacles(t *testing.T) {
	opt := &transform.Options{Context: buildctx.FromFS(fstest.MapFS{
		"requirements.txt": {Data: []byte("flask\nnumpy==2.1.3\npsycopg2==2.9.9\nno-such-distribution-here\n")},
	})}
	const slim = "FROM python:3.12-slim-bookworm\n"
	for _, c := range []struct {
		src  string
		want []string // parts of the sentences, in order
	}{
		{slim + "COPY requirements.txt /\nCMD [\"python\"]\n", nil},
		{slim + "RUN pip install flask\n", []string{"plain requirements"}},
		{slim + "COPY requirements.txt /app/\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc\nRUN pip install -r requirements.txt\n",
			[]string{"without wheels for Linux, and so compiled on Alpine too: psycopg2", "for musl: numpy", "known: no-such-distribution-here", "Debian's, whose names on Alpine are not known: gcc", "plain requirements"}},
		{slim + "RUN pip install -r other.txt\n", []string{"not known: what other.txt holds"}},
		{slim + "RUN poetry install\n", []string{"not known: what poetry installs"}},
	} {
		f, err := transform.Parse("Dockerfile", c.src, opt)
		if err != nil {
			t.Fatal(err)
		}
		got := AlpineObstacles(f)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %q", c.src, got)
			continue
		}
		for i, part := range c.want {
			if !strings.Contains(got[i], part) {
				t.Errorf("%s: got %q, want %q", c.src, got[i], part)
			}
		}
	}
}
