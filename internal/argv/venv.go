package argv

import (
	"strings"

	"refit/internal/shell"
)

// VenvCmd makes a virtual environment.
type VenvCmd struct {
	Call
	Args
	Dir         shell.Word // where; the zero Word for "uv venv" alone, which makes .venv
	Interpreter string     // whose environment it will be: "python3", or virtualenv's -p; "" when not said
}

// Venv reads python -m venv, virtualenv, pyvenv and uv venv.
func Venv(c *shell.Command) (*VenvCmd, bool) {
	call, ok := Of(c)
	if !ok {
		return nil, false
	}
	v := &VenvCmd{Call: call, Interpreter: call.Python}
	switch {
	case call.Python != "" && call.Name == "venv", strings.HasPrefix(call.Name, "pyvenv"):
		v.Args = read(&call, &venvSyntax)
	case call.Name == "virtualenv", call.Name == "virtualenv2", call.Name == "virtualenv3":
		v.Args = read(&call, &virtualenvSyntax)
	case call.Name == "uv" && len(call.Words) > 0 && call.Words[0].Text == "venv":
		call.Words = call.Words[1:]
		v.Call = call
		v.Args = read(&call, &uvVenvSyntax)
	default:
		return nil, false
	}
	if p, ok := v.Option("--python"); ok {
		v.Interpreter = p.Value
	}
	switch {
	case len(v.Operands) > 0:
		v.Dir = v.Operands[0]
	case call.Name != "uv":
		return nil, false
	}
	return v, true
}

// venvSyntax is by python -m venv --help, 3.13.
var venvSyntax = syntax{equals: true, abbreviate: true, options: []option{
	{"--system-site-packages", "", nothing}, {"--symlinks", "", nothing}, {"--copies", "", nothing},
	{"--clear", "", nothing}, {"--upgrade", "", nothing}, {"--without-pip", "", nothing},
	{"--prompt", "", value}, {"--upgrade-deps", "", nothing}, {"--without-scm-ignore-files", "", nothing},
}}

// virtualenvSyntax is by virtualenv --help, 20.29, with options of version 16.
var virtualenvSyntax = syntax{equals: true, abbreviate: true, options: []option{
	{"--python", "-p", value}, {"--try-first-with", "", value}, {"--discovery", "", value},
	{"--app-data", "", value}, {"--reset-app-data", "", nothing}, {"--creator", "", value},
	{"--seeder", "", value}, {"--no-seed", "--without-pip", nothing}, {"--clear", "", nothing},
	{"--no-vcs-ignore", "", nothing}, {"--system-site-packages", "", nothing},
	{"--symlinks", "", nothing}, {"--copies", "--always-copy", nothing}, {"--download", "", nothing},
	{"--no-download", "--never-download", nothing}, {"--extra-search-dir", "", value},
	{"--pip", "", value}, {"--setuptools", "", value}, {"--wheel", "", value},
	{"--no-pip", "", nothing}, {"--no-setuptools", "", nothing}, {"--no-wheel", "", nothing},
	{"--no-periodic-update", "", nothing}, {"--symlink-app-data", "", nothing},
	{"--activators", "", value}, {"--prompt", "", value}, {"--verbose", "-v", nothing},
	{"--quiet", "-q", nothing}, {"--no-site-packages", "", nothing}, {"--distribute", "", nothing},
	{"--unzip-setuptools", "", nothing}, {"--relocatable", "", nothing},
}}

// uvVenvSyntax is by uv's command line reference, "uv venv".
var uvVenvSyntax = syntax{options: []option{
	{"--python", "-p", value}, {"--seed", "", nothing}, {"--clear", "-c", nothing},
	{"--allow-existing", "", nothing}, {"--prompt", "", value}, {"--system-site-packages", "", nothing},
	{"--relocatable", "", nothing}, {"--no-project", "", nothing}, {"--no-cache", "-n", nothing},
	{"--cache-dir", "", value}, {"--quiet", "-q", nothing}, {"--verbose", "-v", nothing},
	{"--link-mode", "", value}, {"--no-python-downloads", "", nothing}, {"--offline", "", nothing},
}}
