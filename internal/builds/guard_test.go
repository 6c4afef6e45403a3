package builds

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestComposeCost: what could take all time and memory, or lies elsewhere, is noted,
// and not read.
func TestComposeCost(t *testing.T) {
	nested := func(last string) string {
		var b strings.Builder
		b.WriteString("A0=0123456789\n")
		for i := range 13 {
			fmt.Fprintf(&b, "A%d=\"%s\"\n", i+1, strings.Repeat(fmt.Sprintf("${A%d}", i), 10))
		}
		return b.String() + last
	}
	const plain = "services: {web: {build: .}}\n"
	outside := filepath.Join(t.TempDir(), "env")
	write(t, outside, []byte("SECRET=x\n"))
	many := map[string]string{"compose.yaml": "include:\n"}
	for i := range 200 {
		many["compose.yaml"] += fmt.Sprintf("- a%d.yaml\n", i)
		many[fmt.Sprintf("a%d.yaml", i)] = plain
	}
	doubled := map[string]string{"compose.yaml": "include: [a0.yaml, b0.yaml]\n"}
	for i := range 40 {
		for _, x := range []string{"a", "b"} {
			doubled[fmt.Sprintf("%s%d.yaml", x, i)] = fmt.Sprintf("include: [a%d.yaml, b%d.yaml]\n", i+1, i+1)
			doubled[x+"40.yaml"] = plain
		}
	}
	aliases := "x-0: &a0 {k: v}\n"
	for i := range 12 {
		aliases += fmt.Sprintf("x-%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	long := "x-a: \"" + strings.Repeat("${A}", 200) + "\"\n" + plain
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"device":         {map[string]string{"compose.yaml": "include: [{path: a.yaml, env_file: /dev/zero}]\n", "a.yaml": plain}, "out of the tree"},
		"linked device":  {map[string]string{"compose.yaml": "include: [{path: a.yaml, env_file: zero}]\n", "a.yaml": plain, "zero": "link:/dev/zero"}, "out of the tree"},
		"device in .env": {map[string]string{"compose.yaml": "include: [sub/a.yaml]\n", "sub/a.yaml": plain, "sub/.env": "link:/dev/zero"}, "out of the tree"},
		"own .env":       {map[string]string{"compose.yaml": plain, ".env": "link:/dev/zero"}, "out of the tree"},
		"outside":        {map[string]string{"compose.yaml": "include: [{path: a.yaml, env_file: [" + outside + "]}]\n", "a.yaml": plain}, "out of the tree"},
		"by a variable":  {map[string]string{"compose.yaml": "include: [{path: a.yaml, env_file: \"${X:-/dev/zero}\"}]\n", "a.yaml": plain}, "which is not followed"},
		"second":         {map[string]string{"compose.yaml": "include: [a.yaml]\n", "a.yaml": "x-a: 1\n---\ninclude: [{path: b.yaml, project_directory: ., env_file: /dev/zero}]\n", "b.yaml": plain}, "out of the tree"},
		"directory":      {map[string]string{"compose.yaml": "include: [{path: a.yaml, project_directory: sub}]\n", "a.yaml": plain, "sub/.env": "link:/dev/zero"}, "out of the tree"},
		"nested .env":    {map[string]string{"compose.yaml": plain, ".env": nested("")}, "too long"},
		"nested env":     {map[string]string{"compose.yaml": "include: [{path: a.yaml, env_file: b.env}]\n", "a.yaml": plain, "b.env": nested("")}, "too long"},
		"values":         {map[string]string{"compose.yaml": long, ".env": "A=" + strings.Repeat("x", 1000) + "\n"}, "too long"},
		"many values":    {map[string]string{"compose.yaml": "x-a:\n" + strings.Repeat("- ${A}\n", 10000) + plain, ".env": "A=" + strings.Repeat("x", 1000) + "\n"}, "too long"},
		"broken .env":    {map[string]string{"compose.yaml": plain, ".env": "A=\"hunter22\n"}, ".env is not understood"},
		"includes":       {many, "too many files"},
		"chosen":         {map[string]string{"compose.yaml": plain, ".env": "COMPOSE_FILE=" + strings.Repeat("compose.yaml:", 9000) + "compose.yaml\nCOMPOSE_PATH_SEPARATOR=:\n"}, "too many files"},
		"doubled":        {doubled, "too many files"},
		"aliases":        {map[string]string{"compose.yaml": aliases + plain}, "it is not understood"},
		"in the tree":    {map[string]string{"compose.yaml": "include: [{path: a.yaml, env_file: b.env}]\n", "a.yaml": "services: {web: {build: \"${D}\"}}\n", "b.env": "D='x\ny'\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				if to, ok := strings.CutPrefix(text, "link:"); ok {
					write(t, filepath.Join(dir, filepath.Dir(file), "x"), nil)
					if err := os.Symlink(to, filepath.Join(dir, file)); err != nil {
						t.Skip(err)
					}
					continue
				}
				write(t, filepath.Join(dir, file), []byte(text))
			}
			start := time.Now()
			found := Find(dir, []string{"compose.yaml"}, nil)
			notes := strings.Join(found.Notes, "\n")
			if c.want != "" && !strings.Contains(notes, c.want) || c.want == "" && (notes != "" || len(found.Builds) != 1) || strings.Contains(notes, "hunter22") {
				t.Errorf("%.300s %+v", notes, found.Builds)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}
