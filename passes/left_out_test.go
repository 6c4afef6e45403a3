package passes

import (
	"strings"
	"testing"

	"refit/transform"
)

func TestLeftOut(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"every stage", "# syntax=docker/dockerfile:1\nFROM a AS b\nRUN x\n\n# the rest\nFROM c\n",
			"# syntax=docker/dockerfile:1\n# refit: skip=one,two left out by refit verify\nFROM a AS b\nRUN x\n\n" +
				"# the rest\n# refit: skip=one,two left out by refit verify\nFROM c\n"},
		{"what is missing", "# refit: skip=one because\nFROM a\n", "# refit: skip=one because\n# refit: skip=two left out by refit verify\nFROM a\n"},
		{"nothing", "# refit: skip=two,one\nFROM a\n", "# refit: skip=two,one\nFROM a\n"},
		{"line ends", "FROM a\r\nRUN x\r\n", "# refit: skip=one,two left out by refit verify\r\nFROM a\r\nRUN x\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := transform.Run("Dockerfile", c.before, []*transform.Pass{LeftOut([]string{"one", "two"})}, nil)
			if err != nil || r.After != c.after {
				t.Errorf("%v\n%s", err, r.After)
			}
		})
	}
}

// What is left out stays left out.
func TestLeftOutLasts(t *testing.T) {
	const src = "FROM python:3.12-slim-bookworm\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"-m\", \"x\"]\n"
	first, err := transform.Run("Dockerfile", src, append(without(Default(), "python-env"), LeftOut([]string{"python-env"})), nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := transform.Run("Dockerfile", first.After, Default(), nil)
	if err != nil || again.After != first.After || strings.Contains(first.After, "PYTHONUNBUFFERED") {
		t.Errorf("%v\n%s\nthen\n%s", err, first.After, again.After)
	}
}

func without(list []*transform.Pass, name string) []*transform.Pass {
	var rest []*transform.Pass
	for _, p := range list {
		if p.Name != name {
			rest = append(rest, p)
		}
	}
	return rest
}
