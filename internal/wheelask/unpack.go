package wheelask

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"refit/internal/verify/builder"
)

// maxReply bounds what is unpacked.
const maxReply = 64 << 20

// unpack reads what the container printed.
func unpack(out *builder.Output, raw *rawReply) error {
	if out.Code != 0 {
		return fmt.Errorf("reading pip's answers: exit status %d: %s", out.Code, strings.TrimSpace(out.Text()))
	}
	packed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(out.Stdout)))
	if err != nil {
		return fmt.Errorf("reading pip's answers: %w", err)
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("reading pip's answers: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(z, maxReply)).Decode(raw); err != nil {
		return fmt.Errorf("reading pip's answers: %w", err)
	}
	return nil
}
