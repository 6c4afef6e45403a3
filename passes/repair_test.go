package passes

import (
	"strings"
	"testing"

	"refit/transform"
)

var someNeeds = []Need{
	{Package: "libpq5:amd64", Library: "libpq.so.5", NeededBy: []string{"/opt/venv/lib/_psycopg.so", "/opt/venv/bin/psql", "/app/x.so"}},
	{Package: "libaio1", Library: "libaio.so.1", NeededBy: []string{"/app/x.so"}},
	{Package: "libpq5", Library: "libpgtypes.so.3", NeededBy: []string{"/app/x.so"}},
}

const (
	slimHead = "FROM python:3.12-slim-bookworm\n"
	newStep  = "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n        libaio1 \\\n        libpq5 \\\n" +
		"    && rm -rf /var/lib/apt/lists/*\n"
)

// repairTo runs the repair twice: the second time nothing is left to do.
func repairTo(t *testing.T, src string) *transform.Result {
	t.Helper()
	r, err := transform.Run("Dockerfile", src, []*transform.Pass{Repair(someNeeds)}, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	again, err := transform.Run("Dockerfile", r.After, []*transform.Pass{Repair(someNeeds)}, nil)
	if err != nil || again.Changed() {
		t.Errorf("a second run: %v\n%s", err, again.After)
	}
	return r
}

func TestRepairExtends(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"at the end of a line": {
			slimHead + "RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\n",
			slimHead + "RUN apt-get update && apt-get install -y --no-install-recommends curl libaio1 libpq5 && rm -rf /var/lib/apt/lists/*\n",
		},
		"sorted lines": {
			slimHead + "RUN apt-get update \\\n && apt-get install -y \\\n  curl \\\n  libm1 \\\n && true\n",
			slimHead + "RUN apt-get update \\\n && apt-get install -y \\\n  curl \\\n  libaio1 \\\n  libm1 \\\n  libpq5 \\\n && true\n",
		},
		"lines without an order": {
			slimHead + "RUN apt-get update \\\n && apt-get install -y \\\n  tar \\\n  curl \\\n && true\n",
			slimHead + "RUN apt-get update \\\n && apt-get install -y \\\n  tar \\\n  curl \\\n  libaio1 \\\n  libpq5 \\\n && true\n",
		},
		"one package on its line": {
			slimHead + "RUN apt-get update && \\\n    apt-get install -y \\\n        nginx && \\\n    rm -rf /var/lib/apt/lists/*\n",
			slimHead + "RUN apt-get update && \\\n    apt-get install -y \\\n        libaio1 \\\n        libpq5 \\\n        nginx && \\\n    rm -rf /var/lib/apt/lists/*\n",
		},
		"a comment in the list": {
			slimHead + "RUN apt-get update && apt-get install -y \\\n  a1 \\\n  # why\n  z1\n",
			slimHead + "RUN apt-get update && apt-get install -y \\\n  a1 \\\n  # why\n  z1 libaio1 libpq5\n",
		},
		"one that is there": {
			slimHead + "RUN apt-get update && apt-get install -y libpq5\n",
			slimHead + "RUN apt-get update && apt-get install -y libpq5 libaio1\n",
		},
		"CRLF": {
			"FROM debian:12\r\nRUN apt-get update \\\r\n && apt-get install -y \\\r\n    curl \\\r\n    tar\r\n",
			"FROM debian:12\r\nRUN apt-get update \\\r\n && apt-get install -y \\\r\n    curl \\\r\n    libaio1 \\\r\n    libpq5 \\\r\n    tar\r\n",
		},
		"another escape": {
			"# escape=`\nFROM debian:12\nRUN apt-get update `\n && apt-get install -y `\n    curl\n",
			"# escape=`\nFROM debian:12\nRUN apt-get update `\n && apt-get install -y `\n    curl `\n    libaio1 `\n    libpq5\n",
		},
		"a here-document": {
			slimHead + "RUN <<EOF\nset -e\napt-get update\napt-get install -y \\\n    curl \\\n    tar\nEOF\n",
			slimHead + "RUN <<EOF\nset -e\napt-get update\napt-get install -y \\\n    curl \\\n    libaio1 \\\n    libpq5 \\\n    tar\nEOF\n",
		},
		"a cache mount": {
			slimHead + "RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt \\\n    apt-get update && apt-get install -y curl\n",
			slimHead + "RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt \\\n    apt-get update && apt-get install -y curl libaio1 libpq5\n",
		},
		"of two the first": {
			slimHead + "RUN apt-get update && apt-get install -y curl\nWORKDIR /a\nRUN apt-get update && apt-get install -y tar\n",
			slimHead + "RUN apt-get update && apt-get install -y curl libaio1 libpq5\nWORKDIR /a\nRUN apt-get update && apt-get install -y tar\n",
		},
		"Alpine": {
			"FROM python:3.12-alpine\nRUN apk add --no-cache curl && true\n",
			"FROM python:3.12-alpine\nRUN apk add --no-cache curl libaio1 libpq5 && true\n",
		},
		"an unknown base": {
			"FROM example.com/base\nRUN apt-get update && apt-get install -y curl\n",
			"FROM example.com/base\nRUN apt-get update && apt-get install -y curl libaio1 libpq5\n",
		},
		"in the base stage, where the final one is a user's": {
			slimHead[:len(slimHead)-1] + " AS base\nRUN apt-get update && apt-get install -y curl\nUSER app\nFROM base\nCOPY . .\n",
			slimHead[:len(slimHead)-1] + " AS base\nRUN apt-get update && apt-get install -y curl libaio1 libpq5\nUSER app\nFROM base\nCOPY . .\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if r := repairTo(t, c.before); r.After != c.after {
				t.Errorf("got\n%s\nwant\n%s", r.After, c.after)
			}
		})
	}
}

func TestRepairAddsStep(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"behind the head": {
			slimHead + "ARG a=1\nENV b=2\nCOPY . .\nUSER app\n",
			slimHead + "ARG a=1\nENV b=2\n" + newStep + "COPY . .\nUSER app\n",
		},
		"above what may load it": {
			slimHead + "COPY . .\nRUN python manage.py collectstatic\nRUN apt-get update && apt-get install -y curl\n",
			slimHead + newStep + "COPY . .\nRUN python manage.py collectstatic\nRUN apt-get update && apt-get install -y curl\n",
		},
		"beside an installation that may not run": {
			slimHead + "ARG d\nUSER root\nRUN apt-get update; [ -n \"$d\" ] && apt-get install -y gdb; true\n",
			slimHead + "ARG d\n" + newStep + "USER root\nRUN apt-get update; [ -n \"$d\" ] && apt-get install -y gdb; true\n",
		},
		"beside one whose failure is forgiven, which may need the lists": {
			slimHead + "WORKDIR /a\nRUN apt-get update && apt-get install -y gdb || true\n",
			slimHead + strings.Replace(newStep, " \\\n    && rm -rf /var/lib/apt/lists/*", "", 1) + "WORKDIR /a\nRUN apt-get update && apt-get install -y gdb || true\n",
		},
		"behind other sources": {
			"FROM python:3.7-slim-stretch\nCOPY sources.list /etc/apt/sources.list\nCOPY . .\n",
			"FROM python:3.7-slim-stretch\nCOPY sources.list /etc/apt/sources.list\n" + newStep + "COPY . .\n",
		},
		"lists that are used later": {
			"FROM ubuntu:24.04\nRUN echo 1\nRUN apt-get install -y curl\n",
			"FROM ubuntu:24.04\n" + strings.Replace(newStep, " \\\n    && rm -rf /var/lib/apt/lists/*", "", 1) + "RUN echo 1\nRUN apt-get install -y curl\n",
		},
		"final stage on another": {
			slimHead[:len(slimHead)-1] + " as base\nRUN true\nfrom base\ncopy . .\n",
			slimHead[:len(slimHead)-1] + " as base\nRUN true\nfrom base\n" + newStep + "copy . .\n",
		},
		"a user in the base stage": {
			slimHead[:len(slimHead)-1] + " AS base\nENV a=1\nUSER app\nFROM base\nCOPY . .\n",
			slimHead[:len(slimHead)-1] + " AS base\nENV a=1\n" + newStep + "USER app\nFROM base\nCOPY . .\n",
		},
		"CRLF": {
			strings.ReplaceAll(slimHead+"CMD a\n", "\n", "\r\n"),
			strings.ReplaceAll(slimHead+newStep+"CMD a\n", "\n", "\r\n"),
		},
		"no newline at the end": {"FROM debian:12", "FROM debian:12\n" + strings.TrimSuffix(newStep, "\n")},
		"another escape": {
			"# escape=`\nFROM debian:12\nCMD a\n",
			"# escape=`\nFROM debian:12\n" + strings.ReplaceAll(newStep, "\\\n", "`\n") + "CMD a\n",
		},
		"Alpine": {
			"FROM python:3.12-alpine\nUSER 1001\n",
			"FROM python:3.12-alpine\nRUN apk add --no-cache libaio1 libpq5\nUSER 1001\n",
		},
		"joined with an upgrade as apt-layers would": {
			slimHead + "RUN apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*\n",
			slimHead + strings.Replace(newStep, "&& rm", "&& apt-get upgrade -y && rm", 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if r := repairTo(t, c.before); r.After != c.after {
				t.Errorf("got\n%s\nwant\n%s", r.After, c.after)
			}
		})
	}
}

func TestRepairDeclines(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []struct {
		key, src string
		needs    []Need
	}{
		{"windows", "FROM python:3.12-windowsservercore-ltsc2022\nCMD a\n", someNeeds},
		{"no-package-manager", "FROM scratch\nCOPY a /\n", someNeeds},
		{"no-package-manager", "FROM gcr.io/distroless/python3-debian12\nCOPY a /\n", someNeeds},
		{"unknown-distribution", "FROM example.com/base\nCOPY a /\n", someNeeds},
		{"unknown-distribution", "FROM fedora:40\nRUN dnf install -y curl\n", someNeeds},
		{"archived-suite", "FROM python:3.7-slim-stretch\nCOPY a /\n", someNeeds},
		{"already-installed", slimHead + "RUN apt-get install -y libpq5\n", someNeeds[:1]},
		{"package-name", slimHead, []Need{{Package: "x && rm -rf /", Library: "libx.so"}}},
		{"package-name", slimHead, []Need{{Package: "-o=x"}}},
		{"not-root", "FROM example.com/base AS a\nUSER root\nRUN apt-get install -y curl\nFROM a\nUSER app\nRUN true\nFROM example.com/base\nUSER app\nRUN apt-get update || true\n", someNeeds},
		{"shell", slimHead + "SHELL [\"python\", \"-c\"]\nRUN pass\n", someNeeds},
	} {
		p := Repair(c.needs)
		r, err := transform.Run("Dockerfile", c.src, []*transform.Pass{p}, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[c.key] = true
		if d := r.Steps[0].Declines; r.Changed() || len(d) != 1 || d[0].Key != c.key || d[0].Why == "" {
			t.Errorf("%s: got %+v for\n%s%s", c.key, d, c.src, r.After)
		}
	}
	for _, d := range Repair(nil).Declines {
		if !seen[d.Key] {
			t.Errorf("no case shows the reason %q", d.Key)
		}
	}
}

func TestRepairReasons(t *testing.T) {
	if r := runOne(t, Repair(nil), slimHead); r.Changed() || r.Steps[0].Status() != transform.NotApplicable {
		t.Errorf("without needs: %+v", r.Steps[0])
	}
	changes := repairTo(t, slimHead).Steps[0].Changes
	if len(changes) != 1 || len(changes[0].Notes) != 2 {
		t.Fatalf("got %+v", changes)
	}
	want := "libpq5: libpq.so.5 is needed by /opt/venv/lib/_psycopg.so (+ 2 more), found by building; libpgtypes.so.3 is needed by /app/x.so, found by building"
	if got := changes[0].Notes[1].Why; got != want {
		t.Errorf("got %q", got)
	}
}
