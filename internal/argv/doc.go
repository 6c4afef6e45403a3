// Package argv knows what the arguments of commands mean: which words of a pip
// or apt-get call are options, values, a subcommand, packages. It reads words
// that the shell package found, so that everything it says has its bytes in the
// file.
package argv
