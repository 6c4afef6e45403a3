package passes

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
)

// A podFile is a manifest of Kubernetes in the build context, or a template of one:
// what it runs in containers counts as what the image itself says it runs.
type podFile struct {
	name, text string
}

var podShape = lazyregexp.New(`(?m)^\s*(?:-\s+)?(?:containers|livenessProbe|readinessProbe|startupProbe|lifecycle):`)

// podFiles reads the manifests of a context, once for all Dockerfiles.
func podFiles(ctx *buildctx.Context) []podFile {
	if ctx == nil {
		return nil
	}
	return ctx.Shared("manifests of Kubernetes", func() any {
		var files []podFile
		entries, _ := ctx.Files()
		left := maxScanned
		for _, e := range entries {
			if ext := path.Ext(e.Path); !e.Regular || ext != ".yaml" && ext != ".yml" || e.Size > maxScannedSize {
				continue
			}
			if left--; left < 0 {
				break
			}
			if b, err := ctx.ReadFile(e.Path); err == nil && podShape.MatchString(string(b)) {
				files = append(files, podFile{e.Path, string(b)})
			}
		}
		return files
	}).([]podFile)
}

var podCommand = lazyregexp.New(`(?m)(?:^|[\s{,-])command:[ \t]*`, "command:")

// commands are those of containers, probes and hooks that can be read.
func (p podFile) commands() [][]string {
	var all [][]string
	for _, at := range podCommand.Regexp().FindAllStringIndex(p.text, -1) {
		rest := p.text[at[1]:]
		list := ""
		if strings.HasPrefix(rest, "[") {
			list, _, _ = strings.Cut(rest, "]")
			list += "]"
		} else if line, below, _ := strings.Cut(rest, "\n"); strings.TrimSpace(line) == "" {
			list = listOf(below)
		}
		var words []string
		if err := yaml.Unmarshal([]byte(list), &words); err == nil && len(words) > 0 {
			all = append(all, words)
		}
	}
	return all
}

var (
	podMount  = lazyregexp.New(`(?m)^\s*(?:-\s+)?mountPath:\s*["']?(/[^\s"'#]+)`, "mountPath:")
	podVolume = lazyregexp.New(`\b(?:persistentVolumeClaim|volumeClaimTemplates|hostPath|ephemeral|nfs|csi):`)
)

// mounts are the directories at which a manifest with volumes that last mounts
// something. Those of emptyDir, configMap and secret alone everybody may write or read.
func (p podFile) mounts() []string {
	if !podVolume.MatchString(p.text) {
		return nil
	}
	var dirs []string
	for _, m := range podMount.FindAllStringSubmatch(p.text, -1) {
		dirs = append(dirs, path.Clean(m[1]))
	}
	return dirs
}

// listOf is the block of a list at the start of a text: lines that are as deep as
// its first item, and start with a dash, or deeper.
func listOf(text string) string {
	depth := len(text) - len(strings.TrimLeft(text, " "))
	var b strings.Builder
	for line := range strings.Lines(text) {
		rest := strings.TrimLeft(line, " ")
		if in := len(line) - len(rest); strings.TrimSpace(rest) != "" && (in < depth || in == depth && !strings.HasPrefix(rest, "-")) {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}

// programs are the names of what a command runs, by a shell or by itself.
func (p podFile) programs(words []string) []string {
	if i := slices.Index(words, "-c"); i > 0 && i+1 < len(words) && isShell(path.Base(words[0])) {
		return buildctx.ParseScript("", []byte(words[i+1])).Commands
	}
	return words[:1]
}
