package golden

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
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
	list := passes.All()
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

// BenchmarkLines takes files of growing length through the pipeline; the time
// for a line must not grow with the length.
func BenchmarkLines(b *testing.B) {
	for _, shape := range []string{"separate", "chain"} {
		for _, n := range []int{10, 100, 1000, 10000} {
			b.Run(fmt.Sprintf("%s/%d", shape, n), func(b *testing.B) {
				text := "FROM python:3.12\nCOPY . /app\n"
				if shape == "separate" {
					text += strings.Repeat("RUN make -C /app step\n", n)
				} else {
					text += "RUN true" + strings.Repeat(" && \\\n    make -C /app step", n) + "\n"
				}
				list := passes.All()
				for b.Loop() {
					if _, err := transform.Run("Dockerfile", text, list, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/line")
			})
		}
	}
}
