package e2e

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"

	"refit/internal/verify"
	"refit/internal/verify/builder"
)

// whoogle is a project that was not written for this: a frozen requirement file, and Flask behind waitress.
const whoogle = "whoogle-search==1.2.4"

// whoogleNeeds are those of its requirements that its code and its tests import, and what these require, by hand.
var whoogleNeeds = strings.Fields(`beautifulsoup4 brotli cachetools certifi cffi click cryptography cssutils defusedxml flask
	h11 httpcore httpx idna itsdangerous jinja2 markupsafe more-itertools packaging pluggy pycparser pytest python-dateutil
	python-dotenv soupsieve stem validators waitress werkzeug`)

const whoogleDockerfile = `FROM python:3.11-slim-bookworm
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
EXPOSE 5000
CMD ["python", "-m", "app", "--host", "0.0.0.0"]
`

// TestUnusedOfOthers takes out of somebody else's frozen requirements what nothing uses, and builds and runs the result.
func TestUnusedOfOthers(t *testing.T) {
	dir := sourceOf(t, whoogle)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(whoogleDockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	unused := held(t, verdicts(t, "explain", "unused", "--verify", "--format", "json", dir), whoogleNeeds)
	for _, name := range []string{"attrs", "pyopenssl", "pyparsing", "wcwidth"} {
		if !slices.Contains(unused, name) {
			t.Errorf("%s is not called unused", name)
		}
	}
	outcomes, out := verified(t, "--quick", "--only", "unused-requirements", "--prune-requirements", dir)
	if out.status != 0 {
		t.Errorf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	for _, o := range outcomes {
		good(t, o)
		passing(t, o, append([]string{verify.CheckHTTP}, all...)...)
		if o.Before == nil || o.After == nil || o.Before.Distributions-o.After.Distributions != len(unused) {
			t.Errorf("not %d distributions fewer: %+v, %+v", len(unused), o.Before, o.After)
		}
	}
}

// sourceOf gets the source distribution of a requirement by pip, in a build, and unpacks it into a directory.
func sourceOf(t *testing.T, requirement string) string {
	t.Helper()
	pool, err := builder.Open(t.Context(), &builder.Config{Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	store := t.TempDir()
	req := &builder.Request{Title: requirement, Layout: store, Source: builder.Source{Name: "Dockerfile", Text: "FROM python:3.11-slim-bookworm AS get\n" +
		"RUN pip download -d /tmp/got --no-deps --no-binary :all: '" + requirement + "' \\\n" +
		"    && mkdir /src && tar -xzf /tmp/got/*.tar.gz -C /src --strip-components=1\nFROM scratch\nCOPY --from=get /src /\n"}}
	err = pool.Use(t.Context(), func(b *builder.Builder) error {
		_, err := b.Build(t.Context(), req, func(context.Context, *builder.Result) error { return nil })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := unpackImage(store, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// unpackImage writes the files of an image's one layer.
func unpackImage(store, dir string) error {
	index, err := layout.ImageIndexFromPath(store)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	stream, err := layers[0].Uncompressed()
	if err != nil {
		return err
	}
	defer stream.Close()
	return unpackTar(tar.NewReader(stream), dir)
}

func unpackTar(r *tar.Reader, dir string) error {
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(header.Name))
		switch header.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = writeFrom(name, r)
		}
		if err != nil {
			return err
		}
	}
}

func writeFrom(name string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
