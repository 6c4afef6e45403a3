package render

import (
	"refit/internal/report"
	"refit/internal/verify"
)

// changed is what was done for better.
func changed() []*report.File {
	return []*report.File{{
		Path: "examples/flask-gunicorn/Dockerfile", Changed: true,
		Diff: "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1 +1 @@\n-FROM a\n+FROM b\n",
		Passes: []report.Pass{{
			Name:    "pin-tag",
			Changes: []report.Change{{Line: 1, Reason: "a moves, and @somebody said so in #12", Notes: []report.Note{{Line: 2, Text: "$X | y"}}}},
		}, {
			Name: "non-root", Declines: []report.Decline{{Line: 3, ReasonKey: "starts-as-root", Reason: "it needs <root>"}},
		}},
		Companions: []report.Companion{{Path: "app/.dockerignore", New: true}},
	}}
}

func seconds2(s float64) *float64 { return &s }

// better is an outcome with everything in it.
func better() *verify.Outcome {
	return &verify.Outcome{
		Path: "examples/flask-gunicorn/Dockerfile", Changed: true, Good: true,
		Before: &verify.Image{
			Compressed: 389_412_345, Unpacked: 1_012_000_000, Layers: 14, Packages: 430, Distributions: 12,
			Setuid: []string{"/usr/bin/passwd", "/usr/bin/su"}, Shell: "/bin/sh", Compiler: "/usr/bin/x86_64-linux-gnu-gcc-12.2.0-and-more",
			ColdBuild:   &verify.Build{Seconds: 42.07, Ran: []string{"a", "b", "c"}},
			StopSeconds: seconds2(10), Findings: []verify.SeverityRow{{Severity: "critical", Count: 3}, {Severity: "high", Count: 20}, {Severity: "unknown", Count: 1}},
		},
		After: &verify.Image{
			Compressed: 81_200_000, Unpacked: 214_040_000, Layers: 15, Packages: 105, Distributions: 12,
			Shell: "/bin/sh", User: "app",
			ColdBuild:   &verify.Build{Seconds: 42.9, Ran: []string{"a", "b"}},
			StopSeconds: seconds2(0.31), Findings: []verify.SeverityRow{{Severity: "high", Count: 2}, {Severity: "low", Count: 1}},
		},
		Checks: []verify.Check{
			{Name: verify.CheckBuild, Verdict: verify.Pass, Detail: "Both build."},
			{Name: verify.CheckSize, Verdict: verify.Pass, Detail: "81.2 MB instead of 389.4 MB."},
			{Name: verify.CheckGunicorn, Verdict: verify.Pass, Detail: "gunicorn --check-config accepts app:app in both images, with the arguments that the new Dockerfile gives it and those of the old one."},
			{Name: verify.CheckHTTP, Verdict: verify.Unknown, Detail: "No port is exposed.", Log: []string{"one line of a log"}},
		},
		Rebuilds: []verify.Rebuild{
			{Touched: "app/__init__.py", Kind: "source",
				Before: &verify.Build{Seconds: 30.2, Ran: []string{"[3/6] COPY . .", "[4/6] RUN pip install -r requirements.txt"}, Cached: 2},
				After:  &verify.Build{Seconds: 0.9, Ran: []string{"[stage-1 6/6] COPY --chown=app:app . ."}, Cached: 9}},
			{Touched: "requirements.txt", Kind: "requirements", Before: &verify.Build{Seconds: 31}, After: nil},
		},
		Repairs: []verify.Repair{
			{Package: "libfoo1", Library: "libfoo.so.1", NeededBy: []string{"/a.so", "/b.so", "/c.so", "/d.so", "/e.so"}, Round: 1},
			{Package: "libbar2", Library: "libbar.so.2", NeededBy: []string{"/usr/lib/x_y.so"}, Round: 2},
		},
		Dropped:    []verify.Dropped{{Pass: "multi-stage", Why: "the application did not start without <gcc> | make", Log: []string{"Traceback (most recent call last):", "  File \"a.py\"", "ImportError: ```x```\x1b[31m"}}},
		Dockerfile: "FROM python:3.12-slim\n",
	}
}

// worse failed its checks, and its second image did not build.
func worse() *verify.Outcome {
	o := &verify.Outcome{
		Path: "examples/deep/down/worse.Dockerfile", Changed: true,
		Before: &verify.Image{Compressed: 1_000_000, Unpacked: 2_000_000, Layers: 1, User: "1000"},
		Checks: []verify.Check{
			{Name: verify.CheckBuild, Verdict: verify.Fail, Detail: "The optimized Dockerfile does not build."},
			{Name: verify.CheckFiles, Verdict: verify.Fail, Detail: "A file is missing: /app/x."},
		},
	}
	for i := range 50 {
		o.Checks[0].Log = append(o.Checks[0].Log, "line "+string(rune('a'+i%26)))
	}
	return o
}

func unchanged() *verify.Outcome {
	return &verify.Outcome{
		Path: "examples/same/Dockerfile", Good: true,
		Before: &verify.Image{Compressed: 50_000_000, Unpacked: 60_000_000, Layers: 3, User: "0:0", Findings: []verify.SeverityRow{}},
	}
}

func failed() *verify.Outcome {
	return &verify.Outcome{Path: "examples/odd|name/Dockerfile", Error: "connecting to the builder at tcp://127.0.0.1:1: connection refused; is buildkitd running there?"}
}

// grown is worse in all that counts.
func grown() *verify.Outcome {
	return &verify.Outcome{
		Path: "examples/grown/Dockerfile", Changed: true,
		Before: &verify.Image{Compressed: 1_000_000, User: "app", ColdBuild: &verify.Build{}},
		After: &verify.Image{Compressed: 1_003_000, Layers: 2, Shell: "/bin/sh", Compiler: "/usr/bin/cc", Setuid: []string{"/x"},
			ColdBuild: &verify.Build{Seconds: 3}, StopSeconds: seconds2(1), Findings: []verify.SeverityRow{{Severity: "low", Count: 1}}},
	}
}

func outcomes() []*verify.Outcome {
	return []*verify.Outcome{better(), worse(), unchanged(), failed(), grown()}
}

func comparison() *verify.Comparison {
	build := func(s float64) *verify.Build { return &verify.Build{Seconds: s, Ran: []string{"x"}} }
	return &verify.Comparison{
		Path: "examples/cpu-bound/Dockerfile", Workload: "python -m bench --rounds 3", Runs: 3,
		Candidates: []verify.Candidate{
			{Name: "full", Base: "docker.io/library/python:3.12.4-bookworm", Compressed: 389_400_000, Unpacked: 1_000_000_000, ColdBuild: build(40), WarmRebuild: build(0.5), RunSeconds: []float64{1.25, 1.20, 1.31}, PeakMemory: 45_300_000},
			{Name: "slim", Base: "docker.io/library/python:3.12.4-slim-bookworm", Compressed: 45_100_000, Unpacked: 130_000_000, ColdBuild: build(31.25), RunSeconds: []float64{1.27, 1.30, 1.22}, PeakMemory: 45_200_000},
			{Name: "distroless", Base: "gcr.io/distroless/python3-debian12", Error: "the workload failed: it needs a shell.", Log: []string{"exec /bin/sh: no such file or directory"}},
			{Name: "alpine", Left: "numpy 1.26.4 has no wheel for musl."},
		},
	}
}
