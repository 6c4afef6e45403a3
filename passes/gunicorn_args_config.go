package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/transform"
)

// gunicornConf is a gunicorn.conf.py in which everything is a comment: it shows
// where a default can be set and changes nothing. The values are gunicorn's own
// defaults, but for worker_tmp_dir (gunicorn documentation, FAQ, "How do I avoid
// Gunicorn excessively blocking in os.fchmod?").
const gunicornConf = `# Defaults for gunicorn, which reads this file in the directory where it starts
# (since version 20). GUNICORN_ARGS ranks above it: it changes a setting when the
# container starts. Take the "# " off a line to set it here.
#
# workers = 1                  # processes; 2 to 4 for each core are usual
# threads = 1                  # for each worker of the class "gthread"
# worker_class = "sync"        # or "gthread", "gevent", "eventlet", "tornado"
# timeout = 30                 # seconds until a silent worker is restarted
# graceful_timeout = 30        # seconds that a worker has to finish its requests
# worker_tmp_dir = "/dev/shm"  # heartbeat files in memory, not in a layer
# max_requests = 0             # restart a worker after so many requests
`

// nativeConf is gunicornConf in an image without a shell, where gunicorn itself reads
// its options from a variable.
func nativeConf() string {
	return strings.Replace(gunicornConf, "GUNICORN_ARGS ranks", "GUNICORN_CMD_ARGS ranks", 1)
}

// config is the configuration file that a change brings along, where the build
// context shows that gunicorn would find it and that there is none.
func (st *starter) config(g *argv.GunicornCmd) []transform.Companion {
	ctx := contextOf(st.f)
	if ctx == nil || g.Has("--config", "--chdir") {
		return nil
	}
	dir := st.image.endDir(st.stage)
	if !dir.known {
		return nil
	}
	for _, in := range slices.Backward(st.stage.Instructions) {
		from, ok := st.copiedDir(ctx, in, dir.path)
		if !ok {
			continue
		}
		name := path.Join(from, "gunicorn.conf.py")
		exists, known := ctx.Exists(name)
		ignored, _ := ctx.Ignored(name)
		if exists || !known || ignored {
			return nil
		}
		return []transform.Companion{{Path: name, Content: gunicornConf}}
	}
	return nil
}

// copiedDir is the directory of the context that in copies to dir of the image.
func (st *starter) copiedDir(ctx *buildctx.Context, in *transform.Instruction, dir string) (string, bool) {
	c, ok := copyingOf(in)
	if !ok || c.from != "" || len(c.sources) != 1 {
		return "", false
	}
	dest, known := absAt(st.image, in, c.dest)
	rel, ok := strings.CutPrefix(dir+"/", strings.TrimSuffix(dest, "/")+"/")
	if !known || !ok {
		return "", false
	}
	matches, err := ctx.Match(c.sources[0])
	if err != nil || len(matches) != 1 || !matches[0].Dir {
		return "", false
	}
	from := path.Join(matches[0].Path, rel)
	isDir, _ := ctx.IsDir(from)
	return from, isDir
}
