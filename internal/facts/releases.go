package facts

import "strings"

// Release is one release of a distribution. Days are YYYYMMDD, 0 where there is none
// or it is not known; a day of 00 means that only the month is planned.
type Release struct {
	Name     string // codename ("bookworm"), or the version where there is none ("3.18")
	Version  string // "12", "20.04", "3.18"; "" for sid
	Released int
	EOL      int // end of regular support
	LTS      int // end of free long-term support (Debian)
	// Archived says that apt does not work with the image's own sources: the release has left the
	// main mirrors.
	Archived bool
}

// AptWorks reports whether apt-get update succeeds with the sources that the image ships.
func (r Release) AptWorks() bool { return !r.Archived }

// DebianRelease finds a Debian release by codename ("bookworm") or major version ("12").
func DebianRelease(name string) (Release, bool) {
	return findRelease(debianReleases, name)
}

// UbuntuRelease finds an Ubuntu release by codename ("focal") or version ("20.04").
func UbuntuRelease(name string) (Release, bool) {
	return findRelease(ubuntuReleases, name)
}

// AlpineRelease finds an Alpine branch by version: "3.18", "alpine3.18" or "3.18.4". Old branches
// stay on the mirrors, so none is archived. Branches before 3.3 are not in the table.
func AlpineRelease(version string) (Release, bool) {
	v := strings.TrimPrefix(version, "alpine")
	if parts := strings.SplitN(v, ".", 3); len(parts) > 2 {
		v = parts[0] + "." + parts[1]
	}
	return findRelease(alpineReleases, v)
}

func findRelease(table []Release, name string) (Release, bool) {
	if name == "" {
		return Release{}, false
	}
	for _, r := range table {
		if r.Name == name || r.Version == name {
			return r, true
		}
	}
	return Release{}, false
}

// debianReleases: days from distro-info-data 0.58+deb12u7; Archived from apt-get update against
// the main mirrors on 2026-11-22 (squeeze not asked; it left them in 2016).
var debianReleases = []Release{
	{Name: "squeeze", Version: "6", Released: 20110206, EOL: 20140531, LTS: 20160229, Archived: true},
	{Name: "wheezy", Version: "7", Released: 20130504, EOL: 20160425, LTS: 20180531, Archived: true},
	{Name: "jessie", Version: "8", Released: 20150426, EOL: 20180617, LTS: 20200630, Archived: true},
	{Name: "stretch", Version: "9", Released: 20170617, EOL: 20200718, LTS: 20220630, Archived: true},
	{Name: "buster", Version: "10", Released: 20190706, EOL: 20220910, LTS: 20240630, Archived: true},
	{Name: "bullseye", Version: "11", Released: 20210814, EOL: 20240814, LTS: 20260831},
	{Name: "bookworm", Version: "12", Released: 20230610, EOL: 20260711, LTS: 20280630},
	{Name: "trixie", Version: "13", Released: 20250809, EOL: 20280809, LTS: 20300630},
	{Name: "forky", Version: "14"},
	{Name: "sid"},
}

// ubuntuReleases: days from distro-info-data 0.58+deb12u7, of standard support. Ubuntu moves a
// release to its archive some time after that; Archived is set for the interim releases whose support
// had ended by the end of 2025. LTS releases in
// extended support stay on the main mirrors (own knowledge, not asked).
var ubuntuReleases = []Release{
	{Name: "precise", Version: "12.04", Released: 20120426, EOL: 20170428},
	{Name: "quantal", Version: "12.10", Released: 20121018, EOL: 20140516, Archived: true},
	{Name: "raring", Version: "13.04", Released: 20130425, EOL: 20140127, Archived: true},
	{Name: "saucy", Version: "13.10", Released: 20131017, EOL: 20140717, Archived: true},
	{Name: "trusty", Version: "14.04", Released: 20140417, EOL: 20190425},
	{Name: "utopic", Version: "14.10", Released: 20141023, EOL: 20150723, Archived: true},
	{Name: "vivid", Version: "15.04", Released: 20150423, EOL: 20160204, Archived: true},
	{Name: "wily", Version: "15.10", Released: 20151022, EOL: 20160728, Archived: true},
	{Name: "xenial", Version: "16.04", Released: 20160421, EOL: 20210430},
	{Name: "yakkety", Version: "16.10", Released: 20161013, EOL: 20170720, Archived: true},
	{Name: "zesty", Version: "17.04", Released: 20170413, EOL: 20180113, Archived: true},
	{Name: "artful", Version: "17.10", Released: 20171019, EOL: 20180719, Archived: true},
	{Name: "bionic", Version: "18.04", Released: 20180426, EOL: 20230531},
	{Name: "cosmic", Version: "18.10", Released: 20181018, EOL: 20190718, Archived: true},
	{Name: "disco", Version: "19.04", Released: 20190418, EOL: 20200123, Archived: true},
	{Name: "eoan", Version: "19.10", Released: 20191017, EOL: 20200717, Archived: true},
	{Name: "focal", Version: "20.04", Released: 20200423, EOL: 20250529},
	{Name: "groovy", Version: "20.10", Released: 20201022, EOL: 20210722, Archived: true},
	{Name: "hirsute", Version: "21.04", Released: 20210422, EOL: 20220120, Archived: true},
	{Name: "impish", Version: "21.10", Released: 20211014, EOL: 20220714, Archived: true},
	{Name: "jammy", Version: "22.04", Released: 20220421, EOL: 20270601},
	{Name: "kinetic", Version: "22.10", Released: 20221020, EOL: 20230720, Archived: true},
	{Name: "lunar", Version: "23.04", Released: 20230420, EOL: 20240125, Archived: true},
	{Name: "mantic", Version: "23.10", Released: 20231012, EOL: 20240711, Archived: true},
	{Name: "noble", Version: "24.04", Released: 20240425, EOL: 20290531},
	{Name: "oracular", Version: "24.10", Released: 20241010, EOL: 20250710, Archived: true},
	{Name: "plucky", Version: "25.04", Released: 20250417, EOL: 20260115},
	{Name: "questing", Version: "25.10", Released: 20251009, EOL: 20260709},
	{Name: "resolute", Version: "26.04", Released: 20260423, EOL: 20310529},
	{Name: "stonking", Version: "26.10", Released: 20261015, EOL: 20270715},
}

// alpineReleases: ends as announced by the Alpine project (alpinelinux.org, from memory); branches
// from the alpine tags of the catalogue.
var alpineReleases = []Release{
	{Name: "3.3", Version: "3.3", EOL: 20171101},
	{Name: "3.4", Version: "3.4", EOL: 20180501},
	{Name: "3.5", Version: "3.5", EOL: 20181101},
	{Name: "3.6", Version: "3.6", EOL: 20190501},
	{Name: "3.7", Version: "3.7", EOL: 20191101},
	{Name: "3.8", Version: "3.8", EOL: 20200501},
	{Name: "3.9", Version: "3.9", EOL: 20201101},
	{Name: "3.10", Version: "3.10", EOL: 20210501},
	{Name: "3.11", Version: "3.11", EOL: 20211101},
	{Name: "3.12", Version: "3.12", EOL: 20220501},
	{Name: "3.13", Version: "3.13", EOL: 20221101},
	{Name: "3.14", Version: "3.14", EOL: 20230501},
	{Name: "3.15", Version: "3.15", EOL: 20231101},
	{Name: "3.16", Version: "3.16", EOL: 20240523},
	{Name: "3.17", Version: "3.17", EOL: 20241122},
	{Name: "3.18", Version: "3.18", EOL: 20250509},
	{Name: "3.19", Version: "3.19", EOL: 20251101},
	{Name: "3.20", Version: "3.20", EOL: 20260401},
	{Name: "3.21", Version: "3.21", EOL: 20261101},
	{Name: "3.22", Version: "3.22", EOL: 20270501},
	{Name: "3.23", Version: "3.23", EOL: 20271101},
	{Name: "3.24", Version: "3.24"},
}
