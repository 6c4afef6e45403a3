// Package builder talks to BuildKit daemons by BuildKit's own client: it finds
// them, builds Dockerfiles from a context whose files may be exchanged without
// touching the disk, tells which steps ran, exports images as OCI layouts, and
// runs commands in what was built.
//
// Nothing is started on this machine; everything runs in the daemon.
package builder
