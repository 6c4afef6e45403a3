package completion

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed refit.bash refit.zsh refit.fish
var scripts embed.FS

// Shells are those that there is a script for.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// Script is what a shell loads.
func Script(shell string) (string, error) {
	if !slices.Contains(Shells(), shell) {
		return "", fmt.Errorf("no completions for %q: want %s", shell, strings.Join(Shells(), ", "))
	}
	b, err := scripts.ReadFile("refit." + shell)
	return string(b), err
}
