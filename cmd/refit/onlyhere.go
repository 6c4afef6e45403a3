package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/bulk"
	"refit/internal/report"
	"refit/passes"
	"refit/transform"
)

// onlyHere lists what a change is for that a clone of the repository would not make:
// new patterns of an ignore file, all for things that are not under version control,
// such as a virtual environment. It is nil for any other change, and where nobody can
// tell.
func (oc *outcome) onlyHere() []string {
	if oc.err != nil || !oc.changed() || oc.result.Before != oc.result.After || oc.view == nil {
		return nil
	}
	var companions []transform.Companion
	for _, c := range oc.companions {
		if !slices.Equal(passesOf(oc.result.CompanionChanges(c.name)), []string{passes.Dockerignore}) {
			return nil
		}
		companions = append(companions, transform.Companion{Path: c.name, Content: c.content})
	}
	root := repositoryOf(oc.in.context.dir)
	after, ok := oc.view.With(companions).(*buildctx.Context)
	if root == "" || !ok {
		return nil
	}
	var names, paths []string
	for _, item := range hiddenBy(oc.view, after) {
		rel, err := filepath.Rel(root, filepath.Join(oc.in.context.dir, filepath.FromSlash(item.Path)))
		if err != nil || !filepath.IsLocal(rel) || rel == ".git" { // every clone has that
			return nil
		}
		names, paths = append(names, item.Path), append(paths, filepath.ToSlash(rel))
	}
	if len(paths) == 0 {
		return nil
	}
	if tracked, err := bulk.Tracked(context.Background(), root, paths); err != nil || tracked {
		return nil
	}
	return names
}

// hiddenBy are the things for which an ignore file is worth while and that only the
// second of two contexts hides.
func hiddenBy(before, after *buildctx.Context) []buildctx.Item {
	was, err := before.Inventory()
	if err != nil {
		return nil
	}
	is, err := after.Inventory()
	if err != nil {
		return nil
	}
	hidden := map[string]bool{}
	for _, item := range is.Items {
		hidden[item.Path] = item.Ignored
	}
	var list []buildctx.Item
	for _, item := range was.Items {
		if !item.Ignored && hidden[item.Path] && passes.WorthIgnoring(item) {
			list = append(list, item)
		}
	}
	return list
}

// checked takes a change out of what --check finds where a clone would not have it.
func (a *app) checked(oc *outcome) {
	if !a.opt.check {
		return
	}
	names := oc.onlyHere()
	if names == nil {
		return
	}
	a.local++
	if !a.opt.quiet {
		more := ""
		if len(names) > 3 {
			names, more = names[:3], " and more"
		}
		a.errs.printf("%s: the new %s is only for %s%s, not under version control here: --check does not count it\n",
			report.Clean(oc.in.path), report.Clean(oc.companions[0].path), report.Clean(strings.Join(names, ", ")), more)
	}
}
