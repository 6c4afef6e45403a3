package argv

import "refit/internal/shell"

// FetchCmd is a call of curl or wget.
type FetchCmd struct {
	Call
	Args // Operands are the URLs
}

// Fetch reads curl and wget, of which it knows the options that matter to a
// request's outcome.
func Fetch(c *shell.Command) (*FetchCmd, bool) {
	call, ok := Of(c)
	if !ok || call.Python != "" {
		return nil, false
	}
	switch call.Name {
	case "curl":
		return &FetchCmd{call, read(&call, &curlSyntax)}, true
	case "wget":
		return &FetchCmd{call, read(&call, &wgetSyntax)}, true
	}
	return nil, false
}

// curlSyntax is by curl(1) 7.88, wgetSyntax by wget(1) 1.21.
var (
	curlSyntax = syntax{options: []option{
		{"--fail", "-f", nothing}, {"--silent", "-s", nothing}, {"--show-error", "-S", nothing},
		{"--output", "-o", value}, {"--head", "-I", nothing}, {"--location", "-L", nothing},
		{"--max-time", "-m", value}, {"--connect-timeout", "", value}, {"--insecure", "-k", nothing},
	}}
	wgetSyntax = syntax{options: []option{
		{"--quiet", "-q", nothing}, {"--no-verbose", "", nothing}, {"-n", "", nothing}, {"--verbose", "-v", nothing}, {"--output-document", "-O", value},
		{"--spider", "", nothing}, {"--tries", "-t", value}, {"--timeout", "-T", value},
		{"--no-check-certificate", "", nothing},
	}}
)
