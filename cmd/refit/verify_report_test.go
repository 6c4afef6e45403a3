package main

import "testing"

// TestCommandHidesSecrets: a report cites the command that made it, and people keep
// reports.
func TestCommandHidesSecrets(t *testing.T) {
	opt, err := parseFlags(commandVerify, []string{"--build-arg", "PIP_TOKEN=hush-hush", "--build-arg=VERSION=1.2.3", "."})
	if err != nil {
		t.Fatal(err)
	}
	const want = "refit verify --build-arg 'PIP_TOKEN=***' '--build-arg=VERSION=1.2.3' ."
	if got := commandLine(opt); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
