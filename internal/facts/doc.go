// Package facts holds what refit knows about the world outside a Dockerfile: image tags,
// distribution releases, and system packages. It is data and lookups only; every table names the
// source of its rows. Nothing here asks the network, and nothing is decoded before it is asked for.
//
// Unknown is never the same as no: a lookup that does not know says so by its last result, and a
// caller that needs proof must then decline.
//
//   - Tags: [LookupTag], [Tags], [SimpleTag], [SlimTag], [OnDistro], [ImageDistro]
//   - Releases: [DebianRelease], [UbuntuRelease], [AlpineRelease], [PythonRelease]
//   - Python distributions: [SystemPackagesFor]
//   - apt: [NeededRecommends], [RecommendsSafe], [RuntimeForDev], [BuildOnly]
//   - Full against slim Python images: [SlimLacksPackage], [SlimLacksCommand], [SlimHasCommand]
package facts

//go:generate go run ./gen
