package builds

import (
	"path/filepath"
	"strings"
	"testing"

	"refit/transform"
)

// FuzzFind: whatever a compose and a bake file say, they are read or noted.
func FuzzFind(f *testing.F) {
	f.Add("services:\n  web:\n    build: {context: ., args: [A=1, B]}\n    command: run\n", "target \"a\" {\n  matrix = { x = [\"1\"] }\n  name = \"a${x}\"\n}\n")
	f.Add("include: [a.yaml]\nservices: {a: {extends: b}, b: {build: \"${X:-.}\"}}", "variable \"A\" { default = 1 }\n")
	f.Add("services:\n  a: &x\n    build: !reset null\n  b: *x\n", "{}")
	f.Fuzz(func(t *testing.T, compose, bake string) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "compose.yaml"), []byte(compose))
		write(t, filepath.Join(dir, "docker-bake.hcl"), []byte(bake))
		for _, b := range Find(dir, []string{"compose.yaml", "docker-bake.hcl"}, []string{"A=1"}).Builds {
			if b.Line < 1 || b.Problem == "" && (b.Dockerfile == "" || !filepath.IsAbs(b.Context)) {
				t.Errorf("%+v", b)
			}
		}
	})
}

// FuzzVariant: lines that are not the build's own are the file's.
func FuzzVariant(f *testing.F) {
	f.Add("ARG V=1\nFROM a:$V AS x\nCMD a \\\n  b\nFROM x\nENTRYPOINT [\"c\"]\n", "x", "2", "run `it`\n")
	f.Add("# escape=`\nFROM a\nHEALTHCHECK CMD x `\n y", "", "", "[")
	f.Fuzz(func(t *testing.T, src, target, value, command string) {
		file, err := transform.Parse("Dockerfile", src, nil)
		if err != nil || file.Final() == nil {
			return
		}
		b := &Build{Target: target, Args: map[string]string{"V": value}, Contexts: map[string]string{"a": "docker-image://b"},
			Run: &Run{Entrypoint: []string{"e"}, Command: []string{command}, Health: []string{"CMD-SHELL", command}, Mounts: []string{"/x"}}}
		v, err := variantOf(file, b)
		if err != nil {
			return
		}
		lines, original := strings.Split(v.src, "\n"), strings.Split(src, "\n")
		for i := 0; i < v.last && i < len(original); i++ {
			if !v.other[i+1] && !strings.ContainsAny(original[i], "aA") && (i >= len(lines) || lines[i] != original[i]) {
				t.Errorf("line %d: %q in %q", i+1, original[i], v.src)
			}
		}
	})
}
