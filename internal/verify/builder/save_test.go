package builder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

func TestHasExporters(t *testing.T) {
	for _, c := range []struct {
		labels map[string]string
		want   bool
	}{
		{nil, false}, // Docker 20.10
		{map[string]string{"org.mobyproject.buildkit.worker.moby.host-gateway-ip": "172.17.0.1"}, false},
		{map[string]string{snapshotterLabel: "overlayfs"}, true},
	} {
		if got := hasExporters([]*client.WorkerInfo{{Labels: c.labels}}); got != c.want {
			t.Errorf("%v: %v", c.labels, got)
		}
	}
}

// store is an engine's image store with one image in it.
type store struct {
	archive []byte
	status  int // of every answer
	asked   []string
}

func newStore(t *testing.T, layers int64) *store {
	t.Helper()
	img, err := random.Image(100_000, layers)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference("refit-verify:x")
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := tarball.Write(ref, img, &archive); err != nil {
		t.Fatal(err)
	}
	return &store{archive: archive.Bytes(), status: http.StatusOK}
}

func (s *store) answer(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	w.WriteHeader(s.status)
	if r.Method == http.MethodGet {
		_, _ = w.Write(s.archive)
	}
}

func TestStoredImage(t *testing.T) {
	s := newStore(t, 3)
	img := &storedImage{listening(t, s.answer), "refit-verify:x"}
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "layout")
	if err := img.finish(t.Context(), nil, dir); err != nil {
		t.Fatal(err)
	}
	path, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	index, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("the index has %+v, %v", manifest, err)
	}
	sameLayers(t, index, manifest.Manifests[0].Digest)
	if got := fmt.Sprint(s.asked); got != "[GET /images/refit-verify:x/get DELETE /images/refit-verify:x]" {
		t.Errorf("asked %s", got)
	}
	onlyLayout(t, tmp)
}

// sameLayers checks that an image's layers are those that its configuration names.
func sameLayers(t *testing.T, index v1.ImageIndex, id v1.Hash) {
	t.Helper()
	img, err := index.Image(id)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 3 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	for i, l := range layers {
		packed, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		id, err := l.Digest()
		if got, _, failed := v1.SHA256(packed); err != nil || failed != nil || got != id {
			t.Errorf("layer %d is %s, not %s: %v, %v", i, got, id, err, failed)
		}
		content, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := v1.SHA256(content)
		if err != nil || got != conf.RootFS.DiffIDs[i] {
			t.Errorf("layer %d is %s, not %s: %v", i, got, conf.RootFS.DiffIDs[i], err)
		}
	}
}

// onlyLayout checks that nothing is left but perhaps a layout.
func onlyLayout(t *testing.T, tmp string) {
	t.Helper()
	left, err := os.ReadDir(tmp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if e.Name() != "layout" {
			t.Errorf("%s is left", e.Name())
		}
	}
}

func TestStoredImageOfFailedBuild(t *testing.T) {
	s := &store{status: http.StatusNotFound}
	failed := errors.New("the build failed")
	dir := filepath.Join(t.TempDir(), "layout")
	err := (&storedImage{listening(t, s.answer), "refit-verify:x"}).finish(t.Context(), failed, dir)
	if err != failed || fmt.Sprint(s.asked) != "[DELETE /images/refit-verify:x]" {
		t.Errorf("asked %s: %v", s.asked, err)
	}
}

func TestStoredImageTroubles(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	cut := newStore(t, 1)
	cut.archive = cut.archive[:len(cut.archive)/2]
	for _, c := range []struct {
		name, want string
		ctx        context.Context
		store      *store
	}{
		{"refused", "500 Internal Server Error", t.Context(), &store{status: http.StatusInternalServerError}},
		{"cut off", "unexpected EOF", t.Context(), cut},
		{"no archive", "the image from the Docker engine", t.Context(), &store{status: http.StatusOK, archive: []byte("?")}},
		{"canceled", "context canceled", ended, newStore(t, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			tmp := t.TempDir()
			err := (&storedImage{listening(t, c.store.answer), "refit-verify:x"}).finish(c.ctx, nil, filepath.Join(tmp, "layout"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if last := c.store.asked[len(c.store.asked)-1]; last != "DELETE /images/refit-verify:x" {
				t.Errorf("asked %s", c.store.asked)
			}
			onlyLayout(t, tmp)
		})
	}
}

func TestReadingEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "text")
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	f, err := openUntil(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	cancel(stop)
	if _, err := io.ReadAll(f); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestMark(t *testing.T) {
	res := gateway.NewResult()
	res.AddMeta(exptypes.ExporterImageConfigKey, []byte(`{"config":{"Cmd":["x"]},"future":{"b":[1.50]}}`))
	if err := (*storedImage)(nil).mark(res); err != nil {
		t.Error(err)
	}
	a, b := newStoredImage(nil), newStoredImage(nil)
	if a.name == b.name || a.name != strings.ToLower(a.name) {
		t.Errorf("the names are %s and %s", a.name, b.name)
	}
	if err := a.mark(res); err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(res.Metadata[exptypes.ExporterImageConfigKey], &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || string(got["config"]) != `{"Cmd":["x"]}` || string(got["future"]) != `{"b":[1.50]}` || !strings.Contains(string(got["refit.verification"]), a.name) {
		t.Errorf("got %s", got)
	}
}
