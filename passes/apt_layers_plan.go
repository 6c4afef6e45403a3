package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/transform"
)

// aptPlan is what becomes of a run of adjacent apt steps, or of one RUN.
type aptPlan struct {
	*layersPlan
	l       *aptLayers
	stage   *transform.Stage
	cleaned bool
	named   map[string]bool // packages that the plan's installs name
	rec     map[*planStep]recommends
}

// flagged reports whether --no-install-recommends is added to any install.
func (p *aptPlan) flagged() bool {
	return slices.ContainsFunc(p.steps, func(s *planStep) bool { return !s.drop && s.into == nil && p.rec[s].add })
}

// name notes the packages that the plan installs by name.
func (p *aptPlan) name() {
	p.named = map[string]bool{}
	for _, s := range p.steps {
		if s.kind != stepInstall {
			continue
		}
		for _, pkg := range s.apt.Packages {
			if pkg.Plain && !pkg.Remove {
				p.named[pkg.Name] = true
				p.l.installed[p.stage][pkg.Name] = true
			}
		}
	}
}

// recommend decides for each install whether it goes without Recommends.
func (p *aptPlan) recommend() {
	for _, s := range p.steps {
		if s.kind != stepInstall || p.l.configured[p.stage].recommends || s.apt.SetsRecommends() || s.call.Has("--download-only") {
			continue
		}
		rec := p.l.recommendsOf(p.stage, s.apt)
		p.rec[s] = rec
		if len(rec.unknown) > 0 {
			p.declines = append(p.declines, transform.Finding{
				At: s.span(), Reason: "unknown-recommends",
				Why: "what is lost without recommended packages is not known for " + listedWords(rec.unknown),
			})
		}
	}
}

// listedWords joins the first few words.
func listedWords(words []string) string {
	if len(words) > 4 {
		return strings.Join(words[:3], ", ") + " and others"
	}
	return strings.Join(words, ", ")
}

// dropRepeated marks updates that fetch again what is there, removals of lists
// before them, and all but the last emptying of the archive cache.
func (p *aptPlan) dropRepeated() {
	fresh := false // lists are there, and the sources are those they were fetched from
	var removed, cleans []*planStep
	for _, s := range p.steps {
		if s.cmd.Nested {
			continue
		}
		switch s.kind {
		case stepUpdate:
			if fresh && plainUpdate(s.apt) {
				s.drop = true
				for _, r := range removed {
					r.drop = true
				}
			}
			fresh, removed = plainUpdate(s.apt), nil
		case stepInstall:
			fresh = fresh && keepsSources(s.apt)
		case stepRemoves:
			removed = append(removed, s)
		case stepNothing, stepUnknown, stepRemovesTo:
			fresh, removed = false, nil
		case stepRm, stepUses:
			removed = nil
		case stepClean:
			if len(s.cmd.Redirs) == 0 {
				cleans = append(cleans, s)
			}
		}
	}
	for i := 0; i+1 < len(cleans); i++ {
		if cleans[i].run != cleans[i+1].run {
			cleans[i].drop = true
		}
	}
}

// plainUpdate reports an update whose options only say how much it prints.
func plainUpdate(a *argv.AptCmd) bool {
	if a == nil || !a.Known || a.Name == "aptitude" {
		return false
	}
	for _, o := range a.Options {
		switch o.Name {
		case "--quiet", "--assume-yes", "--fix-missing":
		default:
			return false
		}
	}
	return true
}

// keepsSources reports an install that cannot bring new package sources with
// it: no package is a file, none of the kind whose only purpose that is
// (percona-release, mysql-apt-config, …).
func keepsSources(a *argv.AptCmd) bool {
	for _, p := range a.Packages {
		if !p.Plain {
			return false
		}
		for _, part := range []string{"release", "config", "repo", "keyring", "source", "apt-"} {
			if strings.Contains(p.Name, part) && p.Name != "apt-transport-https" && p.Name != "apt-utils" && p.Name != "lsb-release" && p.Name != "pkg-config" {
				return false
			}
		}
	}
	return !a.Fed && a.Known
}

// contentious are packages that conflict with another of the table of
// Recommends, themselves or by what they depend on: two installs one after the
// other succeed where one of both would not. Computed from Conflicts, Breaks
// and Depends in the main index of bullseye, bookworm and trixie (2026-11-22);
// of each pair that conflicts at least one is here.
var contentious = strings.Fields(`bup chrony g++-multilib galera-3 gcc-multilib gdb gnome gnuplot
	graphicsmagick-imagemagick-compat graphicsmagick-libmagick-dev-compat hwloc inetutils-ping libavcodec-extra libc++-dev
	libcurl4-gnutls-dev libcurl4-nss-dev libgdal-dev libgeotiff-dev libhdf4-alt-dev libiodbc2-dev libnetcdf-dev
	libnginx-mod-http-lua libproj-dev libreoffice libspatialite-dev libtesseract-dev libvtk6-dev msmtp-mta nginx-extras
	nginx-light pkgconf postfix sshfs ssmtp systemd-cron xinetd`)

// sameCall reports whether two installs differ in their packages only.
func (p *aptPlan) sameCall(a, b *planStep) bool {
	if p.rec[a].add != p.rec[b].add || a.apt.Fed || b.apt.Fed || len(a.cmd.Redirs)+len(b.cmd.Redirs) > 0 || !keepsSources(a.apt) || !keepsSources(b.apt) {
		return false
	}
	if callPrefix(a) != callPrefix(b) || !slices.Equal(aptSettings(a.apt), aptSettings(b.apt)) || len(a.apt.Packages) == 0 || len(b.apt.Packages) == 0 {
		return false
	}
	for _, call := range []*argv.AptCmd{a.apt, b.apt} {
		for _, pkg := range call.Packages {
			_, known := facts.RecommendsSafe(pkg.Name)
			if !known || pkg.Remove || slices.Contains(contentious, pkg.Name) {
				return false
			}
		}
	}
	behind := slices.ContainsFunc(b.apt.Options, func(o argv.Option) bool {
		return o.Word.Span.Start > b.apt.Packages[0].Word.Span.Start
	})
	text := b.text(p.f)
	return !slices.Contains(rawWords(b.call), "--") && !(behind && strings.Contains(text, "#"))
}

// aptSettings are the options that matter for the result, sorted.
func aptSettings(a *argv.AptCmd) []string {
	var all []string
	for _, o := range a.Options {
		switch o.Name {
		case "--assume-yes", "--quiet":
		default:
			all = append(all, o.Name+"="+o.Value)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
