package image

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// entry makes one entry of a layer.
type entry = tar.Header

// content is what reg puts into a header for archive to take out again.
const content = "TEST.content"

func reg(name, body string) *entry {
	return &entry{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(body)), PAXRecords: map[string]string{content: body}}
}

func exe(name, body string) *entry {
	h := reg(name, body)
	h.Mode = 0o755
	return h
}

func withMode(h *entry, mode int64) *entry {
	h.Mode = mode
	return h
}

func dir(name string) *entry { return &entry{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755} }

func sym(name, to string) *entry {
	return &entry{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777}
}

func hard(name, to string) *entry { return &entry{Typeflag: tar.TypeLink, Name: name, Linkname: to} }

// archive writes the tar stream of a layer.
func archive(t testing.TB, entries []*entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range entries {
		header := *h
		body := header.PAXRecords[content]
		header.PAXRecords = nil
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// layerOf makes a layer of a tar stream.
func layerOf(t testing.TB, stream []byte, options ...tarball.LayerOption) v1.Layer {
	t.Helper()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(stream)), nil }, options...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// imageOf makes an image of layers.
func imageOf(t testing.TB, config v1.Config, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err == nil {
		img, err = mutate.Config(img, config)
	}
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// write makes an OCI layout with one image.
func write(t testing.TB, img v1.Image) string {
	t.Helper()
	at := t.TempDir()
	store, err := layout.Write(at, empty.Index)
	if err == nil {
		err = store.AppendImage(img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// openLayers makes an image of layers and opens it. Nothing may be left of the
// temporary files.
func openLayers(t testing.TB, config v1.Config, layers ...[]*entry) *Image {
	t.Helper()
	var made []v1.Layer
	for _, entries := range layers {
		made = append(made, layerOf(t, archive(t, entries)))
	}
	tmp := t.TempDir()
	img, err := Open(t.Context(), write(t, imageOf(t, config, made...)), tmp)
	if err != nil {
		t.Fatal(err)
	}
	wantEmpty(t, tmp)
	return img
}

func wantEmpty(t testing.TB, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// names lists the paths of entries.
func names(entries []Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Path)
	}
	return strings.Join(all, " ")
}

// under puts files below a directory.
func under(dir string, files map[string]string) []*entry {
	var all []*entry
	for name, body := range files {
		all = append(all, reg(path.Join(dir, name), body))
	}
	return all
}
