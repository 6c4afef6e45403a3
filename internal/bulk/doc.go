// Package bulk takes many repositories through a rewrite of their Dockerfiles:
// it reads the list, has each repository worked on, several at a time, and keeps
// what comes of it as a patch, a branch or the changed files. What happens to a
// Dockerfile it leaves to its caller (Rewriter).
//
// A journal remembers the repositories that are done, so that a run which was
// killed goes on where it was. Nothing that a list can name stops the others: a
// repository that cannot be read, or a panic over it, is a failed repository.
package bulk
