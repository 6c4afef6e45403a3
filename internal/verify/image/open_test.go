package image

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/compression"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

var compressions = map[string]tarball.LayerOption{
	"gzip": tarball.WithCompression(compression.GZip),
	"zstd": tarball.WithCompression(compression.ZStd),
	"none": tarball.WithCompression(compression.None),
}

// noise is text that does not compress away.
func noise(n int) string {
	source := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	source.Read(b)
	return string(b)
}

func TestCompressionsAndSizes(t *testing.T) {
	big := append(archive(t, []*entry{reg("big", noise(100_000))}), make([]byte, 100*512)...) // padded as by tar -b
	small := archive(t, []*entry{reg("small", "x")})
	for name, option := range compressions {
		t.Run(name, func(t *testing.T) {
			made := imageOf(t, v1.Config{User: "app"}, layerOf(t, big, option), layerOf(t, small, option))
			img, err := Open(t.Context(), write(t, made), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := made.Manifest()
			if err != nil {
				t.Fatal(err)
			}
			if want := manifest.Config.Size + manifest.Layers[0].Size + manifest.Layers[1].Size; img.Compressed != want {
				t.Errorf("compressed %d, want %d", img.Compressed, want)
			}
			if want := int64(len(big) + len(small)); img.Unpacked != want {
				t.Errorf("unpacked %d, want %d", img.Unpacked, want)
			}
			if got := names(img.Files("/")); got != "/big /small" || img.Layers != 2 || img.Config.Config.User != "app" {
				t.Errorf("got %s, %d layers, user %q", got, img.Layers, img.Config.Config.User)
			}
		})
	}
}

// An index within the index and an attestation beside the image are what BuildKit
// writes when it adds provenance.
func TestIndexes(t *testing.T) {
	one := imageOf(t, v1.Config{User: "one"}, layerOf(t, archive(t, []*entry{reg("a", "1")})))
	two := imageOf(t, v1.Config{User: "two"}, layerOf(t, archive(t, []*entry{reg("b", "1")})))
	platform := mutate.IndexAddendum{Add: one, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}}
	attestation := mutate.IndexAddendum{Add: two, Descriptor: v1.Descriptor{
		Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
		Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"},
	}}
	withIndex := func(t *testing.T, index v1.ImageIndex) string {
		at := t.TempDir()
		store, err := layout.Write(at, empty.Index)
		if err == nil {
			err = store.AppendIndex(index)
		}
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	index := func(all ...mutate.IndexAddendum) v1.ImageIndex {
		return mutate.IndexMediaType(mutate.AppendManifests(empty.Index, all...), types.OCIImageIndex)
	}
	for name, c := range map[string]struct{ at, err string }{
		"manifest":            {write(t, one), ""},
		"index":               {withIndex(t, index(platform)), ""},
		"with attestation":    {withIndex(t, index(platform, attestation)), ""},
		"under two names":     {withIndex(t, index(platform, platform)), ""},
		"nested":              {withIndex(t, index(mutate.IndexAddendum{Add: index(platform, attestation)})), ""},
		"several images":      {withIndex(t, index(platform, mutate.IndexAddendum{Add: two})), "2 images where one was expected"},
		"nothing":             {withIndex(t, index(attestation)), "0 images where one was expected"},
		"no layout":           {t.TempDir(), "no such file or directory"},
		"indexes without end": {withIndex(t, deep(index, platform, 6)), "indexes within indexes"},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := Open(t.Context(), c.at, t.TempDir())
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), c.at) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if img.Config.Config.User != "one" {
				t.Errorf("the image is %q", img.Config.Config.User)
			}
		})
	}
}

func deep(index func(...mutate.IndexAddendum) v1.ImageIndex, leaf mutate.IndexAddendum, depth int) v1.ImageIndex {
	if depth == 0 {
		return index(leaf)
	}
	return index(mutate.IndexAddendum{Add: deep(index, leaf, depth-1)})
}

// damage changes the file of an image's last layer, and returns the layer's digest.
func damage(t *testing.T, at string, img v1.Image, change func([]byte) []byte) string {
	t.Helper()
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	digest := manifest.Layers[len(manifest.Layers)-1].Digest
	file := filepath.Join(at, "blobs", digest.Algorithm, digest.Hex)
	blob, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, change(blob), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func TestDamagedLayer(t *testing.T) {
	large := tinyELF{needed: []string{"libc.so.6"}}.build(t) + noise(headSize+1000)
	for kind, option := range compressions {
		for name, change := range map[string]func([]byte) []byte{
			"empty":          func(b []byte) []byte { return nil },
			"half":           func(b []byte) []byte { return b[:len(b)/2] },
			"in the padding": func(b []byte) []byte { return b[:len(b)-7] },
			"other bytes":    func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			"longer":         func(b []byte) []byte { return append(b, 0) },
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				img := imageOf(t, v1.Config{}, layerOf(t, archive(t, []*entry{reg("a", "1")})), layerOf(t, archive(t, []*entry{reg("lib.so", large)}), option))
				at, tmp := write(t, img), t.TempDir()
				digest := damage(t, at, img, change)
				if _, err := Open(t.Context(), at, tmp); err == nil || !strings.Contains(err.Error(), digest) {
					t.Errorf("error %v, want one that names %s", err, digest)
				}
				wantEmpty(t, tmp)
			})
		}
	}
}

func TestMissingLayer(t *testing.T) {
	img := imageOf(t, v1.Config{}, layerOf(t, archive(t, []*entry{reg("a", "1")})))
	at := write(t, img)
	digest := damage(t, at, img, func(b []byte) []byte { return b })
	if err := os.Remove(filepath.Join(at, "blobs", strings.Replace(digest, ":", "/", 1))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), at, t.TempDir()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), digest) {
		t.Errorf("error %v", err)
	}
}

func TestHostileEntries(t *testing.T) {
	for name, c := range map[string]struct {
		entries []*entry
		want    string
	}{
		"hard link to nothing":     {[]*entry{hard("a", "b")}, `"/a" is a hard link to "/b", which is no file`},
		"hard link to a directory": {[]*entry{dir("b"), hard("a", "b")}, "which is no file"},
		"long path":                {[]*entry{reg(strings.Repeat("a/", 3000)+"b", "")}, "the path is too long"},
		"long link":                {[]*entry{sym("a", strings.Repeat("b", 5000))}, "the path is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			at := write(t, imageOf(t, v1.Config{}, layerOf(t, archive(t, c.entries))))
			if _, err := Open(t.Context(), at, t.TempDir()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// The budget is for everything: entries, directories nobody declared, texts.
func TestBudget(t *testing.T) {
	for name, entries := range map[string][]*entry{
		"entries":     {reg("a", ""), reg("b", ""), reg("c", ""), reg("d", ""), reg("e", ""), reg("f", "")},
		"directories": {reg("a/b/c/d/e/f", "")},
		"text":        {reg("etc/passwd", strings.Repeat("x", 1000))},
		"needed":      {reg("lib.so", tinyELF{needed: []string{strings.Repeat("x", 1000)}}.build(t))},
	} {
		t.Run(name, func(t *testing.T) {
			l := layerOf(t, archive(t, entries))
			at := write(t, imageOf(t, v1.Config{}, l))
			digest, err := l.Digest()
			if err != nil {
				t.Fatal(err)
			}
			keep := &budget{}
			keep.left.Store(1000)
			r := &reader{store: layout.Path(at), tmp: t.TempDir(), keep: keep}
			read, err := r.layer(t.Context(), v1.Descriptor{Digest: digest})
			if err == nil {
				err = newTree(keep).apply(read.changes)
			}
			if !errors.Is(err, errBudget) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	at := write(t, imageOf(t, v1.Config{}, layerOf(t, archive(t, []*entry{reg("a", "1")}))))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, at, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestCancelledWhileReading ends the context in the middle of a file, and then no
// more of it may be read than what is on its way.
func TestCancelledWhileReading(t *testing.T) {
	zeros := strings.Repeat("\x00", 32<<20)
	for name, body := range map[string]string{"file": zeros, "ELF file": tinyELF{}.build(t) + zeros, "text": zeros} {
		t.Run(name, func(t *testing.T) {
			at := map[string]string{"text": "var/lib/dpkg/status"}[name]
			stream := bytes.NewReader(archive(t, []*entry{reg(cmp.Or(at, "a"), body)}))
			ctx, cancel := context.WithCancel(t.Context())
			start := io.LimitReader(stream, 8<<20)
			keep := &budget{}
			keep.left.Store(memory)
			r := &reader{tmp: t.TempDir(), keep: keep}
			_, err := r.entries(ctx, io.MultiReader(start, atEnd(cancel), stream))
			if !errors.Is(err, context.Canceled) || stream.Len() < 16<<20 {
				t.Errorf("error %v, %d bytes left", err, stream.Len())
			}
			wantEmpty(t, r.tmp)
		})
	}
}

// atEnd is an empty reader that does something when it is read.
type atEnd func()

func (f atEnd) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

func TestNoLayers(t *testing.T) {
	at := write(t, imageOf(t, v1.Config{}))
	img, err := Open(t.Context(), at, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got := names(img.Files("/")); got != "" || img.Layers != 0 || img.Unpacked != 0 {
		t.Errorf("got %q, %d layers, %d bytes", got, img.Layers, img.Unpacked)
	}
}
