// Package check holds the table of system packages that Python distributions need
// against reality: it builds each distribution on a slim image with the packages
// that the table lists, and none else, and looks whether the result loads.
//
// It is for those who keep the table, not part of refit: internal/facts/check/run
// is its command, docs/system-packages.md what came of it.
package check
