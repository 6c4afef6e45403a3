package builder

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

// snapshotterLabel is on a worker that keeps images in containerd's form, as all
// of BuildKit's own do. That of a Docker engine with its older image store is
// without it (docker/buildx, driver/docker, decides by it, too) and has no OCI
// exporter.
const snapshotterLabel = "org.mobyproject.buildkit.worker.snapshotter"

func hasExporters(workers []*client.WorkerInfo) bool {
	for _, w := range workers {
		if _, ok := w.Labels[snapshotterLabel]; ok {
			return true
		}
	}
	return false
}

// storedImage is an image that passes through an engine's image store. The
// methods of nil do nothing.
type storedImage struct {
	engine *engine
	name   string
}

func newStoredImage(e *engine) *storedImage {
	return &storedImage{e, "refit-verify:" + strings.ToLower(rand.Text())}
}

// mark makes the image's configuration, and so its identity, one that nothing
// else in the store has: removing it takes nothing of the user's away.
func (s *storedImage) mark(res *gateway.Result) error {
	if s == nil {
		return nil
	}
	var conf map[string]json.RawMessage
	if err := json.Unmarshal(res.Metadata[exptypes.ExporterImageConfigKey], &conf); err != nil {
		return fmt.Errorf("reading the image configuration: %w", err)
	}
	name, err := json.Marshal(s.name)
	if err != nil {
		return err
	}
	conf["refit.verification"] = name
	text, err := json.Marshal(conf)
	if err != nil {
		return err
	}
	res.AddMeta(exptypes.ExporterImageConfigKey, text)
	return nil
}

// finish writes the image to a layout when the build went well, and removes it
// from the store in any case.
func (s *storedImage) finish(ctx context.Context, err error, dir string) error {
	if s == nil {
		return err
	}
	if err == nil {
		err = s.save(ctx, dir)
	}
	if left := s.remove(ctx); err == nil {
		err = left
	}
	return err
}

// save writes the image to an OCI layout.
func (s *storedImage) save(ctx context.Context, dir string) error {
	archive := dir + ".tar"
	defer os.Remove(archive)
	if err := s.download(ctx, archive); err != nil {
		return fmt.Errorf("getting the image from the Docker engine: %w", err)
	}
	img, err := tarball.Image(func() (io.ReadCloser, error) { return openUntil(ctx, archive) }, nil)
	if err == nil {
		err = writeLayout(dir, img)
	}
	if err != nil {
		return fmt.Errorf("the image from the Docker engine: %w", err)
	}
	return nil
}

func (s *storedImage) download(ctx context.Context, path string) (err error) {
	body, err := s.engine.call(ctx, http.MethodGet, "/images/"+s.name+"/get")
	if err != nil {
		return err
	}
	defer body.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, body)
	return err
}

// remove takes the image out of the store, if it is there, no matter whether the
// build's context has ended.
func (s *storedImage) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	body, err := s.engine.call(ctx, http.MethodDelete, "/images/"+s.name)
	switch {
	case errors.Is(err, errNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("removing the image %s from the Docker engine: %w", s.name, err)
	}
	return body.Close()
}

// readerUntil is a file that cannot be read any more when the context has ended.
type readerUntil struct {
	*os.File
	ctx context.Context
}

func openUntil(ctx context.Context, path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &readerUntil{f, ctx}, nil
}

func (r *readerUntil) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.File.Read(p)
}
