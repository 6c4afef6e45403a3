// Package transform is the vocabulary and the engine of refit: a Dockerfile as
// a File that tiles its bytes, passes that read a File and return findings, and
// Run, which applies their edits in order and holds the result to its contract.
//
// What always holds:
//
//  1. The spans of a File's instructions and its tail, concatenated, are the
//     file, byte for byte.
//  2. Text changes only through Edits. Everything outside them is copied.
//  3. A pass sees real text: after each pass that changed something, the text
//     is parsed again.
//  4. What BuildKit's converter says of the image before and after may differ
//     only where an applied pass declared it.
//  5. Every change and every decline carries a reason.
//
// The package imports neither passes nor internal packages.
package transform
