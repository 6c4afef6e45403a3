package bulk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"refit/internal/inorder"
)

// Rewriter works on the Dockerfiles of a task and says, in a steady order, what
// became of each. The error is one of the repository as a whole.
type Rewriter func(ctx context.Context, t *Task, emit func(*File) error) error

// Task is a repository as a Rewriter sees it.
type Task struct {
	Name  string // in messages
	Dir   string // where its files are
	Write bool   // changes are written into Dir
	Spare bool   // Dir is thrown away afterwards: nothing in it need be on the disk
	Redo  *Redo  // for what is written into the user's own files; nil for none
	Jobs  int    // files worked on at a time
}

// Options say what a run does with what changes: nothing, unless they name it.
type Options struct {
	Patch      string // the directory for patches
	Branch     string // the name of a branch for commits
	Write      bool   // into the work trees
	Clone      string // the directory for clones of URLs; "" takes none
	CloneLimit time.Duration
	Whole      bool // images are built: checkouts need their large files too
	Jobs       int
	Version    string // of refit, for messages
	Key        string // stands for the options of the passes and for refit itself
	Stack      func(stack []byte)
}

// Runner takes repositories through a Rewriter.
type Runner struct {
	Options
	Rewrite Rewriter
	Finish  func(dir string, i *Intent) (done bool, err error) // writes what a killed run was writing in dir; for Write
	Journal *Journal                                           // nil for none
	Temp    string                                             // a directory for what is thrown away; it must be the run's own

	git    git
	keeper *keeper
	own    []string // what the run writes that may lie in a repository
}

// Run works on repositories, and reports each in the order of the list. An
// interruption, or a journal that cannot be kept, leaves out those that are not done.
func (r *Runner) Run(ctx context.Context, repos []Repo, report func(*Record)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.git.limit, r.git.outside = 10*time.Minute, r.Temp
	if r.Journal != nil {
		r.Journal.stop = stop
		r.own = []string{absolute(r.Journal.path), absolute(r.Journal.path + lockSuffix), absolute(r.Journal.path + redoSuffix)}
	}
	for _, dir := range []string{r.Patch, r.Clone} {
		if dir != "" {
			r.own = append(r.own, absolute(dir))
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return err
			}
		}
	}
	r.keeper = newKeeper(r.Journal)
	defer r.keeper.wait()
	inorder.Do(repos, r.Jobs, ahead, func(repo Repo, done func(*Record)) {
		if ctx.Err() != nil {
			done(nil)
			return
		}
		w := r.one(ctx, repo, max(1, r.Jobs/max(1, len(repos))))
		switch rec := w.rec; {
		case ctx.Err() != nil && rec.Error != "": // the interruption is what came of it
			done(nil)
		case rec.Resumed:
			done(rec)
		default:
			r.keeper.keep(&line{Key: w.key, Repository: rec.Repository, Done: rec, Sum: w.sum}, w.ref, done)
		}
	}, r.keeper.end, func(rec *Record) {
		if rec != nil {
			report(rec)
		}
	})
	return context.Cause(ctx)
}

// ahead is how far the work may be ahead of the report: one large repository
// must not hold up the others.
const ahead = 1024

// one works on a repository. Whatever happens, it ends with a record.
func (r *Runner) one(ctx context.Context, repo Repo, jobs int) (w *work) {
	w = &work{Runner: r, repo: repo, jobs: jobs, rec: &Record{Repository: repo.Name}}
	defer func() {
		if p := recover(); p != nil {
			w.rec.fail(panicked(p))
			if r.Stack != nil {
				r.Stack(debug.Stack())
			}
		}
		w.close()
	}()
	if err := w.do(ctx); err != nil {
		w.rec.fail(errors.New(w.tell(err)))
	}
	w.rec.settle()
	return w
}

// work is the work on one repository.
type work struct {
	*Runner
	repo  Repo
	jobs  int
	rec   *Record
	key   string
	dir   string    // of the repository
	at    string    // of the files: dir, or a checkout
	head  *brancher // of a repository whose HEAD is worked on, and not its files
	patch *patchFile
	sum   string   // of the patch
	ref   string   // the file of the branch that was made, where it is yet to be put on the disk
	paths []string // of changed files
	why   because
}

func (w *work) do(ctx context.Context) error {
	if err := w.open(ctx); err != nil {
		return err
	}
	if l := w.Journal.find(w.repo.Name, w.key); l != nil && w.stands(l) {
		w.rec = l.Done
		return nil
	}
	task := &Task{Name: w.repo.Name, Dir: w.at, Write: w.Write || w.head != nil, Spare: w.head != nil, Jobs: w.jobs}
	err := w.prepare(task)
	if w.head != nil {
		defer os.RemoveAll(w.at)
	}
	if err != nil {
		return err
	}
	if err := w.Rewrite(ctx, task, w.take(w.Journal.written(w.repo.Name))); err != nil {
		return err
	}
	return w.keep(context.WithoutCancel(ctx)) // it is nearly done
}

// stands reports whether what a line says was made is still there, and is what it
// was. A branch that has moved on since is its owner's.
func (w *work) stands(l *line) bool {
	if l.Done.Patch != "" {
		if sum, err := sumOf(l.Done.Patch); err != nil || sum != l.Sum {
			return false
		}
	}
	return l.Done.Branch == "" || w.head != nil && w.head.exists()
}

// prepare makes everything ready that the task needs.
func (w *work) prepare(task *Task) (err error) {
	switch {
	case w.head != nil:
		if err := checkOut(w.head.objects, w.head.base.tree, w.at, w.Whole); err != nil {
			return fmt.Errorf("check out HEAD: %w", err)
		}
	case w.Write:
		if task.Redo, err = openRedo(w.Journal, w.repo.Name); err != nil {
			return err
		}
		if err := w.finish(task.Redo); err != nil {
			return err
		}
	}
	if w.Patch != "" {
		w.patch, err = newPatch(w.Patch, w.repo.Name, w.Journal.name())
	}
	return err
}

// finish brings to an end what a killed run was writing.
func (w *work) finish(redo *Redo) error {
	left, err := redo.Left()
	if left == nil || err != nil {
		return err
	}
	done, err := w.Finish(w.at, left)
	if err != nil {
		return err
	}
	was := !done || slices.ContainsFunc(w.Journal.written(w.repo.Name), func(f *File) bool { return f.Path == left.File.Path })
	if !was {
		if err := w.Journal.append(&line{Repository: w.repo.Name, Wrote: left.File}); err != nil {
			return err
		}
	}
	return redo.End()
}

// open finds the repository, and the key of its state.
func (w *work) open(ctx context.Context) (err error) {
	switch w.dir = w.repo.Name; {
	case w.repo.URL != "" && w.Clone == "":
		return errors.New("a URL: --clone DIR has it cloned")
	case w.repo.URL != "":
		c := &cloner{dir: w.Clone, limit: w.CloneLimit, run: w.Journal.name()}
		if w.dir, err = c.clone(ctx, w.repo); err != nil {
			return err
		}
		w.rec.Directory = w.dir
	}
	info, err := os.Stat(w.dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return errors.New("not a directory")
	}
	w.at = w.dir
	bare := !hasWorkTree(w.dir) && isBare(w.dir)
	switch {
	case w.Branch == "" && !bare:
		return w.openDir()
	case w.Write:
		return errors.New("a bare repository has no files to write: --branch makes a branch of its HEAD")
	}
	if w.head, err = w.git.openBranch(context.WithoutCancel(ctx), w.dir, w.Branch); err != nil {
		return err
	}
	w.at = filepath.Join(w.Temp, fileName(w.repo.Name))
	w.key = w.keyOf(w.head.base.id)
	return nil
}

func (w *work) openDir() error {
	if w.Journal == nil {
		return nil
	}
	inputs, err := inputsOf(w.dir, w.own)
	w.key = w.keyOf(inputs)
	return err
}

func (w *work) keyOf(inputs string) string { return fmt.Sprintf("%x", hashOf(w.Key+"\x00"+inputs)) }

// take returns the function that takes in what became of a file. A file that an
// earlier run has written does not change again, and counts as it did then.
func (w *work) take(written []*File) func(*File) error {
	before := map[string]*File{}
	for _, f := range written {
		before[f.Path] = f
	}
	return func(f *File) error {
		if was := before[f.Path]; was != nil && !f.Changed && f.Error == "" {
			w.rec.add(was)
			return nil
		}
		f.Error = w.tell(errorOf(f))
		w.rec.add(f)
		if !f.Changed || f.Error != "" {
			return nil
		}
		w.paths = append(w.paths, f.Paths...)
		w.why.add(f)
		if w.patch != nil {
			return w.patch.add(f)
		}
		if w.Write && w.head == nil {
			return w.Journal.append(&line{Repository: w.repo.Name, Wrote: f})
		}
		return nil
	}
}

func errorOf(f *File) error {
	if f.Error == "" {
		return nil
	}
	return errors.New(f.Error)
}

// tell words an error with the repository's name in the place of a checkout's.
func (w *work) tell(err error) string {
	if err == nil {
		return ""
	}
	if w.at == "" || w.at == w.dir {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), w.at, w.repo.Name)
}

// keep makes the patch and the branch.
func (w *work) keep(ctx context.Context) (err error) {
	if w.Branch != "" && len(w.paths) > 0 {
		made, err := w.head.commit(ctx, w.at, w.paths, w.why.message(w.rec.Files.Changed, w.Version))
		if err != nil {
			return err
		}
		w.rec.Branch, w.rec.Commit, w.rec.Tree, w.ref = w.Branch, made.id, made.tree, made.ref
	}
	if w.patch != nil {
		patch := w.patch
		w.patch = nil
		if w.rec.Patch, w.sum, err = patch.end(); err != nil {
			return err
		}
	}
	if w.Write && w.head == nil { // what it finds when it comes again
		return w.openDir()
	}
	return nil
}

func (w *work) close() {
	if w.patch != nil {
		w.patch.drop()
	}
	if w.head != nil {
		w.head.objects.close()
	}
}
