// Package shell reads the script of a RUN, CMD, ENTRYPOINT or HEALTHCHECK CMD
// as the shell will see it, and knows for every word, command and operator
// which bytes of the instruction it came from.
//
// BuildKit joins physical lines, drops continuation characters, comment lines
// and empty lines, and takes flags off before the shell sees anything. The
// package builds the same text with an offset map, so that
//
//	src[script.Offset(i)] == script.Text[i]
//
// holds for every byte of Text. What it cannot read for certain is Opaque, with
// a reason; a pass must leave such a script alone.
package shell
