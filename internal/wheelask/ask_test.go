package wheelask

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"refit/internal/verify/builder"
	"refit/internal/wheel"
	"refit/transform"
)

func TestPlaceOf(t *testing.T) {
	for _, tc := range []struct{ src, text, flags, options string }{
		{"FROM python:3.11\nENV A=b\n# why\nRUN pip install -i https://index.example/simple --no-cache-dir six\nCOPY . .\n",
			"FROM python:3.11\nENV A=b\n", "", "--index-url=https://index.example/simple"},
		{"FROM python:3.11\nCOPY requirements.txt .\nRUN --mount=type=secret,id=pip,target=/etc/pip.conf --network=default pip install -r requirements.txt\n",
			"FROM python:3.11\nCOPY requirements.txt .\n", "--mount=type=secret,id=pip,target=/etc/pip.conf --network=default", ""},
		{"FROM node:22 AS web\nRUN npm ci\nFROM python:3.11\nRUN poetry install\n", "FROM node:22 AS web\nRUN npm ci\nFROM python:3.11\n", "", ""},
		{"FROM python:3.11\nRUN pip download --no-index x && pip install --no-index --find-links /wheels --extra-index-url \"$URL\" x\n",
			"FROM python:3.11\n", "", "--no-index --find-links=/wheels --extra-index-url=$URL"},
		{"FROM python:3.11\nCOPY . .\n", "", "", ""},
	} {
		f, err := transform.Parse("Dockerfile", tc.src, nil)
		if err != nil {
			t.Fatal(err)
		}
		p := PlaceOf(f)
		if p == nil {
			p = &Place{}
		}
		if p.Text != tc.text || strings.Join(p.Flags, " ") != tc.flags || strings.Join(p.Options, " ") != tc.options {
			t.Errorf("%s: %+v", tc.src, p)
		}
	}
}

// TestStep holds that what asks is one step more, which BuildKit can parse.
func TestStep(t *testing.T) {
	p := &Place{Text: "# escape=`\nFROM python:3.11", Flags: []string{"--mount=type=secret,id=pip"}}
	src := p.step("c2NyaXB0", "cXVlc3Rpb24=")
	f, err := transform.Parse("Dockerfile", src, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	last := f.Instructions[len(f.Instructions)-1]
	if len(f.Instructions) != 2 || last.Keyword != "run" || !last.Node.Attributes["json"] || len(last.Node.Flags) != 1 {
		t.Errorf("%s", src)
	}
}

func TestEncodeAsksOnlyWhatIsNotKnown(t *testing.T) {
	target := wheel.Target{Major: 3, Minor: 11, Patch: -1, Libc: wheel.Musl, LibcMajor: 1, LibcMinor: 2, Arch: "x86_64"}
	a := &Asker{Place: Plain("python:3.11-slim")}
	known := &Reply{Answers: map[wheel.Target]map[Want]Answer{target: {{"six", "==1"}: {File: "six-1-py3-none-any.whl"}}}}
	text, err := base64.StdEncoding.DecodeString(a.encode(&Question{Wants: []Want{{"six", "==1"}, {"lxml", "==5"}}, Targets: []wheel.Target{target}}, known))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Wants   [][]string
		Targets []struct {
			Python           string
			Platforms, Known []string
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Wants) != 2 || !reflect.DeepEqual(doc.Targets[0].Known, []string{"six==1"}) || doc.Targets[0].Platforms[0] != "musllinux_1_2_x86_64" || doc.Targets[0].Python != "3.11.99" {
		t.Errorf("%s", text)
	}
}

// TestCache holds how long an answer counts, and that pip's failures are none.
func TestCache(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &Cache{Dir: filepath.Join(t.TempDir(), "wheels"), Now: func() time.Time { return now }}
	c.put("found", Answer{File: "a-1-py3-none-any.whl"}, true)
	c.put("floating", Answer{File: "a-1-py3-none-any.whl"}, false)
	c.put("missing", Answer{Files: []string{"a-1.tar.gz"}}, true)
	c.put("failed", Answer{Error: "no network"}, true)
	after := func(d time.Duration) string {
		later := &Cache{Dir: c.Dir, Now: func() time.Time { return now.Add(d) }}
		var got []string
		for _, key := range []string{"found", "floating", "missing", "failed", "never"} {
			if _, ok := later.get(key); ok {
				got = append(got, key)
			}
		}
		return strings.Join(got, " ")
	}
	for d, want := range map[time.Duration]string{time.Hour: "found floating missing", 25 * time.Hour: "found", 31 * 24 * time.Hour: ""} {
		if got := after(d); got != want {
			t.Errorf("after %s: %q, want %q", d, got, want)
		}
	}
	refresh := &Cache{Dir: c.Dir, Refresh: true, Now: c.Now}
	if _, ok := refresh.get("found"); ok {
		t.Error("--refresh takes what was kept")
	}
	if err := os.WriteFile(c.path("found"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.get("found"); ok {
		t.Error("half a file is an answer")
	}
	if _, ok := (*Cache)(nil).get("found"); ok {
		t.Error("no cache has an answer")
	}
}

func TestUnpack(t *testing.T) {
	var raw rawReply
	if err := unpack(&builder.Output{Code: 1, Stderr: []byte("no file")}, &raw); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Error(err)
	}
	for _, bad := range []string{"", "?", "AAAA"} {
		if err := unpack(&builder.Output{Stdout: []byte(bad)}, &raw); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	// what the script's reading prints of {"pip": "23.2", "targets": {"t": {"six==1": {"file": "f"}}}}
	good := "eNqrVirILFCyUlAyMtYzUtJRUCpJLEpPLSkGClUrlYDJ4swKW1tDMDMtMycVpDhNqRYIAPl0EUw="
	if err := unpack(&builder.Output{Stdout: []byte(good)}, &raw); err != nil || raw.Targets["t"]["six==1"].File != "f" {
		t.Error(err, raw)
	}
}
