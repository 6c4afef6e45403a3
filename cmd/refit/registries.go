package main

import (
	"fmt"
	"net/url"
	"strings"

	"refit/internal/registry"
	"refit/internal/report"
	"refit/transform"
)

// askRegistries prepares for --pin digest, the one thing for which a dry run goes
// to the network. Nothing is asked before a digest is wanted.
func (o *options) askRegistries() error {
	asked := o.given["pin"] && o.pin == string(transform.PinDigest)
	if len(o.mirrors) > 0 && !asked {
		return usageError("--registry-mirror goes with --pin digest")
	}
	if !asked {
		return nil
	}
	cfg := &registry.Config{Mirrors: map[string]string{}}
	for _, text := range o.mirrors {
		from, to, _ := strings.Cut(text, "=")
		if !isHost(from) || !isHost(to) {
			return usageError(fmt.Sprintf("--registry-mirror %s: want REGISTRY=HOST, such as docker.io=mirror.example.com:5000", text))
		}
		cfg.Mirrors[from] = to
	}
	var err error
	o.resolver, err = registry.New(cfg)
	return err
}

// isHost reports a host with or without a port, and nothing else.
func isHost(s string) bool {
	u, err := url.Parse("https://" + s)
	return err == nil && s != "" && u.Host == s
}

// sayRegistries says which registries failed; what was wanted of them was held
// back.
func (a *app) sayRegistries() (failed bool) {
	if a.opt.resolver == nil {
		return false
	}
	failures := a.opt.resolver.Failures()
	kept := "what it has stays without a digest"
	if a.opt.write || a.opt.output != "" {
		kept = "the files are written without its digests, and a second run adds them"
	}
	for _, err := range failures {
		a.errs.printf("refit: --pin digest: %s: %s\n", kept, report.Clean(err.Error()))
	}
	return len(failures) > 0
}
