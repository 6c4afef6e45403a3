//go:build unix

package golden

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"

	"refit/passes"
	"refit/transform"
)

// cpu is the processor time that the process has used, its collector included.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCorpus takes every real Dockerfile through BuildKit's converter alone,
// through the converter and to the bytes of a definition, and through the whole
// pipeline, contract check included, in turns. It reports the ratios of their processor
// times, and the heap that is left afterwards. The collector works as seldom as
// in the command.
func BenchmarkCorpus(b *testing.B) {
	dir := os.Getenv("REFIT_CORPUS")
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.Dockerfile"))
	if err != nil || dir == "" || len(paths) == 0 {
		b.Skip("REFIT_CORPUS names no folder of real Dockerfiles")
	}
	var texts []string
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			b.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	list := passes.Default()
	var convert, definition, whole time.Duration
	for b.Loop() {
		for at := 0; at < len(texts); at += 200 {
			part := texts[at:min(at+200, len(texts))]
			start := cpu(b)
			for _, text := range part {
				_ = compile([]byte(text), nil)
			}
			compiled := cpu(b)
			for _, text := range part {
				_ = define([]byte(text))
			}
			defined := cpu(b)
			for _, text := range part {
				_, _ = transform.Run("Dockerfile", text, list, nil)
			}
			convert += compiled - start
			definition += defined - compiled
			whole += cpu(b) - defined
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	n := float64(b.N * len(texts))
	b.ReportMetric(float64(convert.Microseconds())/n, "µs/file-converter")
	b.ReportMetric(float64(whole.Microseconds())/n, "µs/file-refit")
	b.ReportMetric(float64(whole)/float64(convert), "x-converter")
	b.ReportMetric(float64(whole)/float64(definition), "x-definition")
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap-after")
}

// define makes the bytes that a build would send.
func define(src []byte) error {
	res, err := dockerfile2llb.Dockerfile2LLB(context.Background(), src, convertOpt())
	if err != nil {
		return err
	}
	_, err = res.State.Marshal(context.Background())
	return err
}

// runLines are lines of RUN of which long files are made, each of a kind that
// other passes look at.
var runLines = map[string]string{
	"make":  "make -C /app step",
	"mkdir": "mkdir -p /data/dir",
	"apt":   "apt-get install -y curl",
	"pip":   "pip install flask==3.0.3",
	"mixed": "",
}

// longFile is a Dockerfile of n such lines: RUNs of their own, the same with
// comments between, or the links of one chain.
func longFile(kind, shape string, n int) string {
	names := slices.Sorted(maps.Keys(runLines))
	line := func(i int) string {
		if kind == "mixed" {
			return runLines[names[i%(len(names)-1)]]
		}
		return runLines[kind]
	}
	var b strings.Builder
	b.WriteString("FROM python:3.12\nWORKDIR /app\nCOPY . /app\n")
	if shape == "chain" {
		b.WriteString("RUN true")
	}
	for i := range n {
		switch shape {
		case "separate":
			b.WriteString("RUN " + line(i) + "\n")
		case "comments":
			b.WriteString("# why\nRUN " + line(i) + "\n")
		case "chain":
			b.WriteString(" && \\\n    " + line(i))
		}
	}
	return b.String() + "\n"
}

// BenchmarkLines takes files of growing length through the pipeline; the time
// for a line must not grow with the length.
func BenchmarkLines(b *testing.B) {
	for _, shape := range []string{"separate", "comments", "chain"} {
		for _, kind := range slices.Sorted(maps.Keys(runLines)) {
			for _, n := range []int{10, 100, 1000, 10000} {
				b.Run(fmt.Sprintf("%s/%s/%d", shape, kind, n), func(b *testing.B) { benchLines(b, longFile(kind, shape, n), n) })
			}
		}
	}
}

func benchLines(b *testing.B, text string, n int) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	list := passes.Default()
	start := cpu(b)
	for b.Loop() {
		if _, err := transform.Run("Dockerfile", text, list, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-start)/float64(b.N*n), "cpu-ns/line")
}
