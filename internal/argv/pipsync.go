package argv

import "refit/internal/shell"

// PipSync reads pip-sync of pip-tools as a call of pip, whose Operands are the
// compiled requirement files; Sync tells it from pip.
func PipSync(c *shell.Command) (*PipCmd, bool) {
	call, ok := Of(c)
	if !ok || call.Name != "pip-sync" && !(call.Python != "" && call.Name == "piptools" && len(call.Words) > 0 && call.Words[0].Text == "sync") {
		return nil, false
	}
	if call.Name == "piptools" {
		call.Words = call.Words[1:]
	}
	p := &PipCmd{Call: call, Sync: true, Subcommand: call.Program}
	p.Args = read(&call, &pipSyncSyntax)
	return p, true
}

// pipSyncSyntax is by pip-sync --help, 7.4.
var pipSyncSyntax = syntax{options: []option{
	{"--version", "", nothing}, {"--help", "-h", nothing}, {"--ask", "-a", nothing}, {"--dry-run", "-n", nothing},
	{"--force", "", nothing}, {"--find-links", "-f", value}, {"--index-url", "-i", value}, {"--extra-index-url", "", value},
	{"--trusted-host", "", value}, {"--no-index", "", nothing}, {"--python-executable", "", value}, {"--verbose", "-v", nothing},
	{"--quiet", "-q", nothing}, {"--user", "", nothing}, {"--cert", "", value}, {"--client-cert", "", value},
	{"--pip-args", "", value}, {"--config", "", value}, {"--no-config", "", nothing},
}}
