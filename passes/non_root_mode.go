package passes

import (
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// openModes are modes of chmod(1) by which everybody may write. The sticky bit, as /tmp
// has it, keeps others' files from them.
var openModes = setOf("777 0777 666 0666 a+rwx a=rwx ugo+rwx ugo=rwx +rwx a+w o+w go+w ugo+w a+rw o+rw go+rw ugo+rw o+rwx go+rwx")

// openToAll says of each chmod of the final stage by which everybody may write that it
// does not move: who needs it is not known.
func openToAll(f *transform.File) []transform.Finding {
	s := f.Final()
	if s == nil {
		return nil
	}
	var findings []transform.Finding
	for _, in := range s.Instructions {
		for _, flag := range in.Node.Flags {
			if mode, ok := strings.CutPrefix(flag, "--chmod="); ok && openModes[mode] {
				findings = append(findings, transform.Finding{At: in.Body, Reason: "open-to-all",
					Why: flag + " lets every user, and whatever breaks into the application, change these files; who has to write there is not known, so that it stays"})
			}
		}
		if in.Keyword != "run" {
			continue
		}
		for _, c := range shell.Of(f, in).Commands() {
			call, ok := argv.Of(c)
			if !ok || call.Name != "chmod" || len(call.Words) < 2 {
				continue
			}
			words := call.Words
			for len(words) > 1 && strings.HasPrefix(words[0].Text, "-") {
				words = words[1:]
			}
			if !openModes[words[0].Text] || strings.HasPrefix(words[len(words)-1].Text, "/tmp") {
				continue
			}
			findings = append(findings, transform.Finding{At: shell.In(in, c.Span), Reason: "open-to-all",
				Why: "“" + clipCommand(f.Text(shell.In(in, c.Span))) + "” lets every user, and whatever breaks into the application, change these files. " +
					"Who has to write there is not known, so that it stays; an owner (chown, “COPY --chown”) would do for the one user that the application runs as"})
		}
	}
	return findings
}
