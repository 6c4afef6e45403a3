package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"refit/internal/bulk"
)

// blocks are the fenced blocks of docs/bulk.md in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(readText(t, "../../docs/bulk.md"), -1) {
		found = append(found, m[1])
	}
	return found
}

// documents are the YAML documents of docs/bulk.md.
func documents(t *testing.T) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, text := range blocks(t, "yaml") {
		for d := yaml.NewDecoder(strings.NewReader(text)); ; {
			var doc map[string]any
			err := d.Decode(&doc)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			all = append(all, doc)
		}
	}
	return all
}

// at follows keys into a document.
func at(t *testing.T, v any, path string) any {
	t.Helper()
	for _, key := range strings.Split(path, "/") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				t.Fatalf("%s: no %s", path, key)
			}
			v = x[i]
		default:
			t.Fatalf("%s: nothing at %s", path, key)
		}
	}
	return v
}

// TestRecipesForCI holds that the jobs of the recipes share the list, and that
// their command lines are ones that refit takes.
func TestRecipesForCI(t *testing.T) {
	docs := documents(t)
	if len(docs) != 4 {
		t.Fatalf("docs/bulk.md has %d YAML documents; this test knows 4", len(docs))
	}
	github, gitlab := docs[0], docs[1]
	shards := at(t, github, "jobs/bulk/strategy/matrix/shard").([]any)
	script := at(t, github, "jobs/bulk/steps/1/run").(string)
	for i, n := range shards {
		text := strings.ReplaceAll(script, "${{ matrix.shard }}", fmt.Sprint(n))
		checkShard(t, text, i+1, len(shards))
	}
	shards = at(t, gitlab, "refit/parallel/matrix/0/SHARD").([]any)
	script = at(t, gitlab, "refit/script/0").(string)
	for i, s := range shards {
		checkShard(t, strings.ReplaceAll(script, "$SHARD", s.(string)), i+1, len(shards))
	}
}

// checkShard parses the command line of refit bulk in a script.
func checkShard(t *testing.T, script string, index, count int) {
	t.Helper()
	opt := parseCommand(t, script)
	if want := (bulk.Shard{Index: index, Count: count}); opt.bulk.shard != want {
		t.Errorf("%s: shard %v, want %v", script, opt.bulk.shard, want)
	}
}

func parseCommand(t *testing.T, script string) *options {
	t.Helper()
	m := regexp.MustCompile(`(?m)^ *refit bulk ((?:.*\\\n)*.*)$`).FindStringSubmatch(script)
	if m == nil {
		t.Fatalf("no refit bulk in\n%s", script)
	}
	line, _, _ := strings.Cut(strings.NewReplacer("\\\n", " ", `"`, "").Replace(m[1]), ">")
	opt, err := parseFlags(commandBulk, strings.Fields(line))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return opt
}

// TestRecipeForKubernetes holds that the daemons, the service and the command
// that uses them know each other by the same names.
func TestRecipeForKubernetes(t *testing.T) {
	docs := documents(t)
	service, set := docs[2], docs[3]
	name := at(t, service, "metadata/name")
	if at(t, set, "spec/serviceName") != name || at(t, service, "spec/selector/app") != at(t, set, "spec/template/metadata/labels/app") {
		t.Error("the StatefulSet is not the service's")
	}
	port := at(t, service, "spec/ports/0/port")
	container := at(t, set, "spec/template/spec/containers/0")
	if at(t, container, "ports/0/containerPort") != port || !strings.Contains(fmt.Sprint(at(t, container, "args")), fmt.Sprintf("0.0.0.0:%v", port)) {
		t.Error("the daemons listen on another port than the service's")
	}
	all := blocks(t, "sh")
	opt := parseCommand(t, all[slices.IndexFunc(all, func(text string) bool { return strings.Contains(text, "kubectl apply") })])
	var want []string
	for i := range at(t, set, "spec/replicas").(int) {
		want = append(want, fmt.Sprintf("tcp://%v-%d.%v:%v", at(t, set, "metadata/name"), i, name, port))
	}
	if got := opt.proof.builders; strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("--builder %v; the pods are %v", got, want)
	}
}

// TestRecipeForMultiGitter runs the recipe's script as multi-gitter does: in the
// root of a clone, whose changes it then commits.
func TestRecipeForMultiGitter(t *testing.T) {
	var script string
	for _, text := range blocks(t, "sh") {
		if strings.HasPrefix(text, "#!/bin/sh\n") {
			script = text
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "refit.sh")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string // what has changed
	}{
		"changed": {map[string]string{"Dockerfile": "FROM python:3.12\nCMD [\"python\"]\n"}, " M Dockerfile\n"},
		"broken":  {map[string]string{"Dockerfile": "FROM python:3.12\nCMD [\"python\"]\n", "Dockerfile.two": "RUNN\n"}, " M Dockerfile\n"},
		"nothing": {map[string]string{"Dockerfile": "FROM scratch\n"}, ""},
		"none":    {map[string]string{"README": "hello\n"}, ""},
	} {
		origin, clone := filepath.Join(dir, name), filepath.Join(dir, name+"-clone")
		newRepository(t, origin, c.files)
		gitIn(t, dir, "clone", "-q", origin, clone)
		cmd := exec.Command(path)
		cmd.Dir = clone
		cmd.Env = append(os.Environ(), "REPOSITORY=my-org/"+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if got := gitIn(t, clone, "status", "--porcelain"); got != c.want {
			t.Errorf("%s: changed %q, want %q", name, got, c.want)
		}
	}
}
