module refit

go 1.26.8

require (
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/distribution/reference v0.6.0 // indirect
	github.com/moby/buildkit v0.34.2 // indirect
	github.com/moby/patternmatcher v0.6.1 // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	github.com/rogpeppe/go-internal v1.16.0 // indirect
	github.com/spf13/pflag v1.1.0 // indirect
	mvdan.cc/sh/v3 v3.14.1 // indirect
)
