package smoke

import (
	"fmt"
	"slices"
	"strings"
)

// The names of the checks.
const (
	checkImports  = "imports"
	checkGunicorn = "gunicorn-config"
	checkHTTP     = "http"
	checkCommand  = "command"
	checkHealth   = "healthcheck"
	checkSmoke    = "smoke"
)

// The verdicts.
const (
	Pass    = "pass"
	Fail    = "fail"    // the new image falls short of the original
	Unknown = "unknown" // could not be told; Detail says why
)

// Check is one comparison of what the two images did.
type Check struct {
	Name    string // imports, gunicorn-config, http, command, healthcheck or smoke
	Verdict string // Pass, Fail or Unknown
	Detail  string // a sentence, without its full stop
	Log     []string
}

// Compare says where the new image falls short of the original. What the plan or
// the images gave no cause to try is left out.
func Compare(before, after *Findings) []Check {
	checks := []Check{compareImports(before.Imports, after.Imports)}
	if before.Gunicorn != nil {
		now := after.Gunicorn
		if now == nil {
			now = &Ending{Trouble: "the new image's command does not start gunicorn"}
		}
		checks = append(checks, compareEndings(checkGunicorn, "gunicorn "+checkConfig, before.Gunicorn, now))
	}
	tried := before.Command != nil && after.Command != nil
	if !tried || before.Server.Trouble != noPort {
		checks = append(checks, compareServers(before.Server, after.Server))
	}
	if tried {
		checks = append(checks, compareCommands(before.Command, after.Command))
	}
	if before.Health != nil && after.Health != nil {
		checks = append(checks, compareHealth(before.Health, after.Health))
	}
	if before.Smoke != nil && after.Smoke != nil {
		checks = append(checks, compareEndings(checkSmoke, "the command", before.Smoke, after.Smoke))
	}
	return checks
}

func compareImports(before, after *Imports) Check {
	c := Check{Name: checkImports, Verdict: Pass}
	switch {
	case before.Trouble != "":
		return Check{checkImports, Unknown, before.Trouble, nil}
	case after.Trouble != "" && before.works():
		return Check{checkImports, Fail, "the original's modules could be imported, the new image's not: " + after.Trouble, nil}
	}
	var broken, unknown, alike []string
	for _, old := range before.Modules {
		now := after.find(old.Name)
		if now == nil {
			alike = append(alike, old.Name+" is not in the new image") // whether it should be, the check of the files tells
			continue
		}
		verdict, say := compareImport(&old, now)
		switch {
		case verdict == Fail:
			broken = append(broken, say)
			c.Log = append(c.Log, now.Trace...)
		case verdict == Unknown:
			unknown = append(unknown, say)
		case say != "":
			alike = append(alike, say)
		}
	}
	switch {
	case broken != nil:
		c.Verdict, c.Detail = Fail, list(broken)
	case !before.works():
		c.Verdict, c.Detail = Unknown, "no module imports in the original: "+list(before.failures())
	case unknown != nil:
		c.Verdict, c.Detail = Unknown, list(unknown)
	case len(alike) == len(before.Modules):
		c.Verdict, c.Detail = Unknown, list(alike)
	default:
		c.Detail = imported(len(before.Modules) - len(alike))
		if alike != nil {
			c.Detail += "; " + list(alike)
		}
	}
	return c
}

// compareImport judges one module; there is nothing to say of one that imports.
func compareImport(before, after *Import) (verdict, say string) {
	switch {
	case before.Kind == Untried || after.Kind == Untried:
		return Unknown, after.Name + " was not tried for want of time"
	case after.Kind == Imported:
		return Pass, ""
	case before.Kind == Imported:
		return Fail, fmt.Sprintf("%s %s; it imports in the original", after.Name, after)
	case before.Kind != after.Kind || before.Exception != after.Exception:
		return Fail, fmt.Sprintf("%s %s; in the original it %s", after.Name, after, before)
	case placeless(before.Message) == placeless(after.Message):
		return Pass, fmt.Sprintf("%s %s, in both images", after.Name, after)
	case missingThing.MatchString(after.Exception + ": " + after.Message):
		return Fail, fmt.Sprintf("%s %s; in the original it %s", after.Name, after, before)
	case plain(before.Message) == plain(after.Message):
		return Pass, fmt.Sprintf("%s %s, in both images", after.Name, after)
	}
	return Unknown, fmt.Sprintf("%s %s; in the original it %s", after.Name, after, before)
}

// compareEndings judges a command that is to end with status 0.
func compareEndings(name, what string, before, after *Ending) Check {
	c := Check{name, Pass, fmt.Sprintf("%s %s", what, after), nil}
	switch {
	case after.ok():
		return c
	case before.ok():
		c.Verdict, c.Detail = Fail, fmt.Sprintf("%s %s; in the original it %s", what, after, before)
	case before.Trouble != "":
		c.Verdict, c.Detail = Unknown, before.Trouble
	case before.TimedOut && !after.TimedOut:
		c.Verdict, c.Detail = Fail, fmt.Sprintf("%s %s; in the original it went on", what, after)
	default:
		c.Verdict, c.Detail = Unknown, fmt.Sprintf("%s fails in both images: it %s", what, after)
		if lines := missingLines(before.Log, after.Log); lines != nil {
			c.Verdict, c.Detail = Fail, fmt.Sprintf("%s fails in both images, but in the new one because: %s", what, lines[0])
		}
	}
	c.Log = after.Log
	return c
}

// compareHealth judges the image's health check. Where it could not be tried,
// what kept it from that has a check of its own.
func compareHealth(before, after *Ending) Check {
	if before.Trouble == "" && after.Trouble != "" {
		return Check{checkHealth, Unknown, "in the new image, " + after.Trouble, after.Log}
	}
	return compareEndings(checkHealth, "the health check", before, after)
}

// compareCommands judges the image's command, which was left alone for a while:
// it should end, or go on, as it does in the original.
func compareCommands(before, after *Ending) Check {
	lines := missingLines(before.Log, after.Log)
	switch {
	case before.TimedOut && after.TimedOut && lines != nil:
		return Check{checkCommand, Fail, "the command goes on in both images, but in the new one it says: " + lines[0], after.Log}
	case before.TimedOut && after.TimedOut:
		return Check{checkCommand, Pass, "the command goes on, as in the original", nil}
	case before.TimedOut && after.ok():
		return Check{checkCommand, Unknown, "the command ended with status 0; in the original it had not ended yet", after.Log}
	case after.TimedOut:
		return Check{checkCommand, Unknown, "the command had not ended yet; in the original it " + before.String(), after.Log}
	}
	return compareEndings(checkCommand, "the command", before, after)
}

// list joins what is said of several things, the first five of them.
func list(all []string) string {
	const most = 5
	if len(all) > most {
		all = append(slices.Clone(all[:most]), fmt.Sprintf("and %d more", len(all)-most))
	}
	return strings.Join(all, "; ")
}

func imported(n int) string {
	if n == 1 {
		return "1 module imports as before"
	}
	return fmt.Sprintf("%d modules import as before", n)
}
