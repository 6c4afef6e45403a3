// Package image tells what an image holds, from an OCI layout directory as
// BuildKit's exporter writes it: sizes, files with their digests, packages,
// Python distributions, and which shared libraries would not be found.
//
// Nothing is unpacked and nothing is executed. Every layer is read once, as a
// stream, some of them at the same time; what is kept of a file is its mode, its
// digest, what the dynamic loader would read of it if it is an ELF file, and the
// text of the few files that tell about the others (package databases, METADATA,
// the loader's configuration, passwd). All that is kept is charged to one budget,
// so that no image, however made, takes more memory than that; an ELF file of
// more than a few megabytes passes through a temporary file.
//
// Layers are put on top of each other as containerd's applier does it: whiteouts
// hide what lower layers brought, a directory is merged into a directory and
// replaces anything else (a symbolic link too, which is what COPY --link does to
// /lib), and the parents of an entry may be symbolic links of lower layers.
//
// # The loader
//
// [Image.Missing] follows ld.so(8) of glibc, or musl's where the interpreter is
// musl's:
//
//   - A needed name with a slash is a path.
//   - A name that something already loaded has, as name or as soname, is found:
//     what the Python interpreter loads counts as loaded, and so does what was
//     loaded before in breadth-first order. What another extension module would
//     have loaded does not.
//   - glibc: DT_RPATH of the object and of what loaded it, up to the interpreter,
//     unless the object has DT_RUNPATH; LD_LIBRARY_PATH of the image's
//     environment; DT_RUNPATH of the object; /etc/ld.so.cache; the default
//     directories. Only when an image has no cache are the directories of
//     /etc/ld.so.conf searched in its place: a library copied into one of them
//     after the last ldconfig is not found, which is what happens at run time.
//   - musl: LD_LIBRARY_PATH, both paths of the object and of what loaded it, then
//     /etc/ld-musl-ARCH.path or the built-in directories. The names that musl's
//     loader stands for itself (libc, libm, …) are found.
//   - Files of another machine or class are passed over, as the loader does.
//     Those below the directories asked about are not looked at.
//
// A library that other objects need is judged where they load it, not on its own:
// a library beside an extension module often has no RUNPATH, because the module
// loads its neighbours first.
//
// # What is not known
//
// Packages of rpm are not counted ([Image.Packages] is nil then). Symbol versions
// are not compared. Libraries that are opened by name at run time (dlopen,
// ctypes) cannot be seen.
package image
