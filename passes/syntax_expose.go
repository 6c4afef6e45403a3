package passes

import (
	"strings"

	"refit/transform"
)

// exposePorts writes protocols in lower case and drops host ports: BuildKit
// exposes the container's port of "host:container" and nothing else.
func exposePorts(f *transform.File, in *transform.Instruction) *transform.Finding {
	fd := transform.Finding{At: in.Body, Why: "EXPOSE names ports of the container; the protocol is written in lower case"}
	for _, w := range f.Words(in)[1:] {
		if want := exposed(w.Text); want != w.Text && w.Span.Len() == len(w.Text) {
			fd.Edits = append(fd.Edits, transform.Edit{Span: w.Span, New: want})
		}
	}
	if len(fd.Edits) == 0 {
		return nil
	}
	return &fd
}

// exposed is a port as BuildKit reads it. What a variable or a quote takes part
// in stays, but for the protocol behind it.
func exposed(port string) string {
	number, proto, ok := strings.Cut(port, "/")
	switch strings.ToLower(proto) {
	case "tcp", "udp", "sctp":
		proto = strings.ToLower(proto)
	default:
		if ok {
			return port
		}
	}
	if i := strings.LastIndexByte(number, ':'); i >= 0 && isPort(number[i+1:]) && !strings.ContainsAny(number, "$\"'\\`") {
		number = number[i+1:]
	}
	if !ok {
		return number
	}
	return number + "/" + proto
}

func isPort(s string) bool {
	return s != "" && strings.Trim(s, "0123456789-") == ""
}
