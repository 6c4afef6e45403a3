package check

import (
	"fmt"
	"slices"
	"strings"
)

// The stages that are looked into.
const (
	bare = "bare" // the installation on the slim image
	full = "full" // the same, and the runtime packages of the table
)

// install is an apt step. Official slim images have kept the directories of manual
// pages since 2021 (debuerreotype/debuerreotype#116), which Java's packages want;
// images made after their model may lack them.
const install = "mkdir -p /usr/share/man/man1 && apt-get install -y --no-install-recommends "

// compilers come first, in a layer that many tasks share.
var compilers = []string{"g++", "gcc", "libc6-dev"}

// dockerfile is the build of tasks that list the same packages: pip installs behind
// the build packages, and the environment alone goes to the slim image.
func dockerfile(tasks []Task) string {
	t := tasks[0]
	var names, requirements []string
	for _, task := range tasks {
		names = append(names, task.Distribution)
		requirements = append(requirements, "'"+task.Requirement+"'")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "FROM %s AS lists\nRUN apt-get update\n\nFROM %[1]s AS venv\nRUN python -m venv /opt/venv\n\nFROM lists AS build\n", t.Image)
	shared, own := t.sharedPackages()
	for _, packages := range [][]string{shared, own} {
		if len(packages) > 0 {
			b.WriteString("RUN " + install + strings.Join(packages, " ") + "\n")
		}
	}
	fmt.Fprintf(&b, "COPY --link --from=venv /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nRUN pip install --no-cache-dir%s %s\n", t.How.pipOption(names), strings.Join(requirements, " "))
	const take = "COPY --link --from=build /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
	fmt.Fprintf(&b, "\nFROM %s AS %s\n%s", t.Image, bare, take)
	fmt.Fprintf(&b, "\nFROM %s AS %s\n", t.Image, full)
	if len(t.Runtime) > 0 {
		fmt.Fprintf(&b, "RUN --mount=type=bind,from=lists,source=/var/lib/apt/lists,target=/var/lib/apt/lists,rw \\\n"+
			"    %s\n", install+strings.Join(t.Runtime, " "))
	}
	b.WriteString(take)
	return b.String()
}

func (t Task) sharedPackages() (shared, own []string) {
	for _, p := range t.Build {
		if slices.Contains(compilers, p) {
			shared = append(shared, p)
		} else {
			own = append(own, p)
		}
	}
	return shared, own
}

// pipOption says in which form pip takes the distribution. What it depends on comes
// as wheels: that is another row's fact.
func (h How) pipOption(names []string) string {
	switch h {
	case Source:
		return " --no-binary " + strings.Join(names, ",")
	case Wheel:
		return " --only-binary :all:"
	}
	return ""
}
