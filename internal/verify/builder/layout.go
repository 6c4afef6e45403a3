package builder

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
)

// writeLayout writes an image whose layers are not compressed to an OCI layout.
// They are compressed at the level that BuildKit's exporter takes, and once each:
// go-containerregistry would do so at its fastest level (an eighth larger), and
// twice, to know the digest first.
func writeLayout(dir string, img v1.Image) error {
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	conf, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	if m.Layers, err = writeLayers(dir, img); err != nil {
		return err
	}
	if m.Config, err = writeBlob(dir, types.OCIConfigJSON, copyOf(conf)); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	desc, err := writeBlob(dir, types.OCIManifestSchema1, copyOf(text))
	if err != nil {
		return err
	}
	return to.AppendDescriptor(desc)
}

// writeLayers works on as many layers at a time as there are processors.
func writeLayers(dir string, img v1.Image) ([]v1.Descriptor, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	descs := make([]v1.Descriptor, len(layers))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, l := range layers {
		group.Go(func() (err error) {
			descs[i], err = writeBlob(dir, types.OCILayer, func(w io.Writer) error { return compress(w, l) })
			if err != nil {
				return fmt.Errorf("layer %d: %w", i+1, err)
			}
			return nil
		})
	}
	return descs, group.Wait()
}

func compress(w io.Writer, l v1.Layer) error {
	content, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer content.Close()
	z := gzip.NewWriter(w)
	if _, err := io.Copy(z, content); err != nil {
		return err
	}
	return z.Close()
}

func copyOf(text []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(text))
		return err
	}
}

// writeBlob puts what write writes under its digest.
func writeBlob(dir string, kind types.MediaType, write func(io.Writer) error) (desc v1.Descriptor, err error) {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return desc, err
	}
	f, err := os.CreateTemp(blobs, "new-*")
	if err != nil {
		return desc, err
	}
	sum := sha256.New()
	err = write(io.MultiWriter(f, sum))
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Close()); err != nil {
		return desc, errors.Join(err, os.Remove(f.Name()))
	}
	id := hex.EncodeToString(sum.Sum(nil))
	desc = v1.Descriptor{MediaType: kind, Size: info.Size(), Digest: v1.Hash{Algorithm: "sha256", Hex: id}}
	return desc, os.Rename(f.Name(), filepath.Join(blobs, id))
}
