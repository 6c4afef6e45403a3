package facts

import "testing"

func TestLibcOf(t *testing.T) {
	for distro, want := range map[string]Libc{
		"bullseye": {"glibc", 2, 31}, "bookworm": {"glibc", 2, 36}, "trixie": {"glibc", 2, 41}, "jammy": {"glibc", 2, 35},
		"alpine3.12": {"musl", 1, 1}, "alpine3.13": {"musl", 1, 2}, "alpine3.22": {"musl", 1, 2}, "alpine": {"musl", 1, 2},
	} {
		if got, ok := LibcOf(distro); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", distro, got, ok, want)
		}
	}
	for _, distro := range []string{"", "sid", "alpine9.9", "windowsservercore-1809"} {
		if got, ok := LibcOf(distro); ok {
			t.Errorf("%s: %v", distro, got)
		}
	}
	for _, suite := range Suites() {
		if _, ok := LibcOf(suite); !ok {
			t.Errorf("%s has no C library", suite)
		}
	}
}
