package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// asScanner names, in the environment, what the test binary does when it is run
// as a scanner.
const asScanner = "REFIT_TEST_SCANNER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(asScanner); mode != "" {
		os.Exit(scanner(mode, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// scanner is a fake one. Its arguments are the image and, for some modes, what
// to print and the exit status.
func scanner(mode string, args []string) int {
	switch mode {
	case "print": // IMAGE FILE STATUS
		text, err := os.ReadFile(args[1])
		if err != nil {
			panic(err)
		}
		fmt.Print(string(text))
		for i := range 9 {
			fmt.Fprintf(os.Stderr, "log line %d\n", i)
		}
		status, err := strconv.Atoi(args[2])
		if err != nil {
			panic(err)
		}
		return status
	case "arguments": // as findings: one for each argument
		fmt.Print(`{"matches":[`)
		for i, a := range args {
			fmt.Printf(`%s{"vulnerability":{"id":%q,"severity":%q}}`, strings.Repeat(",", min(i, 1)), a, severities[i])
		}
		fmt.Print("]}")
		return 0
	case "flood":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
				return 1
			}
		}
	case "parent": // starts a child that says its process id and, like this one, never ends
		child := exec.Command(os.Args[0], args...)
		child.Env = append(os.Environ(), asScanner+"=child")
		if err := child.Start(); err != nil {
			panic(err)
		}
		if err := os.WriteFile(filepath.Join(args[0], "child"), []byte(strconv.Itoa(child.Process.Pid)), 0o600); err != nil {
			panic(err)
		}
		select {}
	case "child":
		time.Sleep(time.Minute)
		return 0
	}
	panic(mode)
}

// command is one that runs this binary as a scanner.
func command(t *testing.T, mode string, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asScanner, mode)
	return strings.Join(append([]string{"'" + self + "'"}, args...), " ")
}

func TestRunReadsEveryFormat(t *testing.T) {
	tests := []struct {
		file string
		want []Row
	}{
		{"grype.json", []Row{{"critical", 2}, {"high", 1}, {"negligible", 1}, {"unknown", 1}}},
		{"trivy.json", []Row{{"critical", 2}, {"high", 3}, {"low", 1}}},
		{"grype.sarif", []Row{{"critical", 1}, {"low", 1}}},
		{"trivy.sarif", []Row{{"critical", 1}, {"high", 1}, {"medium", 2}, {"unknown", 1}}},
		{"cyclonedx.json", []Row{{"high", 2}, {"negligible", 1}, {"unknown", 1}}},
		{"grype.txt", []Row{{"critical", 2}, {"high", 1}, {"negligible", 1}}},
		{"trivy.txt", []Row{{"critical", 2}, {"high", 2}, {"low", 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			for _, status := range []string{"0", "1", "77"} { // found something, and told to fail then
				got, err := Run(t.Context(), command(t, "print", "{image}", "testdata/"+tt.file, status), t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, tt.want) {
					t.Errorf("status %s: got %v, want %v", status, got, tt.want)
				}
			}
		})
	}
}

func TestNothingFound(t *testing.T) {
	for _, out := range []string{
		`{"matches":[],"descriptor":{"name":"grype"}}`,
		`{"matches":null}`,
		`{"SchemaVersion":2,"ArtifactName":"x"}`,
		`{"SchemaVersion":2,"Results":[{"Target":"x"}]}`,
		`{"version":"2.1.0","runs":[{"results":[]}]}`,
		`{"bomFormat":"CycloneDX","vulnerabilities":[]}`,
		"No vulnerabilities found\n",
		"\nx (debian 12.5)\nTotal: 0 (UNKNOWN: 0, LOW: 0, MEDIUM: 0, HIGH: 0, CRITICAL: 0)\n",
	} {
		if rows, err := printed(t, out, "0"); err != nil || rows == nil || len(rows) > 0 {
			t.Errorf("%s: %v, %v", out, rows, err)
		}
		if rows, err := printed(t, out, "2"); err == nil || !strings.Contains(err.Error(), "exit status 2") {
			t.Errorf("%s, failed: %v, %v", out, rows, err)
		}
	}
}

// printed runs a scanner that prints a text.
func printed(t *testing.T, text, status string) ([]Row, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Run(t.Context(), command(t, "print", "{image}", file, status), t.TempDir())
}

// TestNotUnderstood holds that what can't be recognised is never taken for a
// clean image.
func TestNotUnderstood(t *testing.T) {
	for out, want := range map[string]string{
		"":                                   "nothing on standard output",
		" \n":                                "nothing on standard output",
		"done, see report.json\n":            "not understood",
		"the risk is HIGH, says nobody":      "not understood",
		"see CVE-2024-0001 for more":         "not understood",
		"[]":                                 "not understood",
		`{"matches": [`:                      "is not",
		`{"matches": {"a": 1}}`:              "reading the scanner's JSON",
		`{"results": [{"packages": []}]}`:    "none that is known",
		`{"bomFormat": "CycloneDX"}`:         "without a list of vulnerabilities",
		`{"SchemaVersion": 2, "Results": 3}`: "reading the scanner's JSON",
	} {
		rows, err := printed(t, out, "0")
		if err == nil || !strings.Contains(err.Error(), want) || rows != nil {
			t.Errorf("%q: %v, %v", out, rows, err)
		}
	}
}

func TestFailureShowsTheLastLines(t *testing.T) {
	_, err := printed(t, "", "3")
	if err == nil {
		t.Fatal("no error")
	}
	if got := err.Error(); !strings.HasSuffix(got, "exit status 3, and reported nothing:\nlog line 4\nlog line 5\nlog line 6\nlog line 7\nlog line 8") {
		t.Error(got)
	}
}

func TestWords(t *testing.T) {
	t.Setenv("SCAN_FORMAT", "json")
	got, err := words(`my-scanner --a='b c' "oci-dir:{image}" -o $SCAN_FORMAT {image}:{image} '$HOME' '*'`, "/tmp/a b")
	want := []string{"my-scanner", "--a=b c", "oci-dir:/tmp/a b", "-o", "json", "/tmp/a b:/tmp/a b", "$HOME", "*"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	got, err = words("s {image}", "layout")
	if err != nil || !filepath.IsAbs(got[1]) {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"", " ", "grype", "{image}", "s 'a", "s $(touch x) {image}", "s `touch x` {image}", "s {image} | jq .", "s {image} > x", "s {image} && t", "s <(t) {image}"} {
		if got, err := words(bad, "/tmp"); err == nil {
			t.Errorf("%s: %q", bad, got)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a substitution was executed")
	}
}

// TestNoShell holds that words reach the scanner as they are.
func TestNoShell(t *testing.T) {
	dir := t.TempDir()
	rows, err := Run(t.Context(), command(t, "arguments", "{image}", "';touch x'", `"a  b"`), dir)
	if err != nil || len(rows) != 3 {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestMissingScanner(t *testing.T) {
	_, err := Run(t.Context(), "refit-no-such-scanner {image}", t.TempDir())
	if !errors.Is(err, exec.ErrNotFound) {
		t.Error(err)
	}
}

func TestCappedOutput(t *testing.T) {
	stopped := false
	c := &capped{max: 10, full: func() { stopped = true }}
	if _, err := io.WriteString(c, "0123456789"); err != nil || stopped {
		t.Fatal(err, stopped)
	}
	if _, err := io.WriteString(c, "x"); err == nil || !stopped || c.buf.Len() != 10 {
		t.Error(err, stopped, c.buf.Len())
	}
}

func TestTail(t *testing.T) {
	s := &tail{max: 4}
	for _, text := range []string{"ab", "cdefghij", "k"} {
		if n, err := io.WriteString(s, text); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := string(s.buf); got != "hijk" {
		t.Error(got)
	}
}

func TestFlood(t *testing.T) {
	argv, err := words(command(t, "flood", "{image}"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = execute(t.Context(), argv, 8<<20)
	if err == nil || !strings.Contains(err.Error(), "more than 8 MB") {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, command(t, "child", "{image}"), t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
