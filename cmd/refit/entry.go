package main

import (
	"refit/internal/buildctx"
	"refit/internal/report"
	"refit/transform"
)

// entry is an outcome as reports take it.
func (oc *outcome) entry(root *diffBase) *report.Entry {
	if oc.planned != nil && oc.err == nil {
		return oc.planned
	}
	e := &report.Entry{File: oc.report, Place: root.place(oc.in.abs)}
	if oc.err != nil {
		return e
	}
	e.Result = oc.result
	for _, c := range oc.companions {
		place := root.place(c.abs)
		if c.abs == "" {
			place = report.Place{Rel: c.name}
		}
		e.Beside = append(e.Beside, report.CompanionText{Name: c.name, Place: place, Disk: c.disk, Before: c.old, After: c.content, New: !c.exists})
	}
	e.Rewrite = func(src string, companions []transform.Companion, passes []*transform.Pass) (*transform.Result, error) {
		view := oc.view
		if view != nil && len(companions) > 0 {
			view = view.With(companions).(*buildctx.Context)
		}
		return oc.in.rewrite(src, passes, oc.in.settings.profile, view)
	}
	return e
}
