package image

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"golang.org/x/sync/errgroup"
)

// Image is what an image holds. Its methods can be called at the same time.
type Image struct {
	Config     v1.ConfigFile
	Compressed int64 // bytes: configuration and layers, as a pull transfers them
	Unpacked   int64 // bytes: the layers' tar streams
	Layers     int

	tree *tree
	// What is worked out when it is asked for.
	dpkg   func() []Package
	apk    func() []apkPackage
	owners func() map[string]string
	loader func() *loader
}

// memory is how many bytes of an image are kept at most. An image of 200,000
// files takes about 80 MB.
const memory = 1 << 30

// Open reads the only image of an OCI layout. Attestations beside it are
// ignored. Large ELF files pass through temporary files in tmp ("" is the
// system's directory), which are gone when Open returns.
func Open(ctx context.Context, dir, tmp string) (*Image, error) {
	img, err := open(ctx, dir, tmp)
	if err != nil {
		return nil, fmt.Errorf("reading the image in %s: %w", dir, err)
	}
	return img, nil
}

func open(ctx context.Context, dir, tmp string) (*Image, error) {
	store, err := layout.FromPath(dir)
	if err != nil {
		return nil, err
	}
	index, err := store.ImageIndex()
	if err != nil {
		return nil, err
	}
	found := map[v1.Hash]v1.Image{}
	if err := images(index, found, 0); err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d images where one was expected", len(found))
	}
	for _, one := range found {
		return read(ctx, store, one, tmp)
	}
	return nil, errors.New("no image")
}

// images collects the images of an index and of the indexes in it. The same image
// may be there under several names.
func images(index v1.ImageIndex, found map[v1.Hash]v1.Image, depth int) error {
	if depth > 4 {
		return errors.New("indexes within indexes without end")
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	for _, desc := range manifest.Manifests {
		switch {
		case isAttestation(desc):
		case desc.MediaType.IsIndex():
			inner, err := index.ImageIndex(desc.Digest)
			if err != nil {
				return fmt.Errorf("index %s: %w", desc.Digest, err)
			}
			if err := images(inner, found, depth+1); err != nil {
				return err
			}
		case desc.MediaType.IsImage():
			if found[desc.Digest], err = index.Image(desc.Digest); err != nil {
				return fmt.Errorf("manifest %s: %w", desc.Digest, err)
			}
		}
	}
	return nil
}

// isAttestation knows what BuildKit attaches to an image: its provenance and SBOM
// have an annotation, and are for no platform.
func isAttestation(desc v1.Descriptor) bool {
	return desc.Annotations["vnd.docker.reference.type"] != "" || desc.Platform != nil && desc.Platform.OS == "unknown"
}

func read(ctx context.Context, store layout.Path, from v1.Image, tmp string) (*Image, error) {
	manifest, err := from.Manifest()
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	config, err := from.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	keep := &budget{}
	keep.left.Store(memory)
	layers, err := readLayers(ctx, &reader{store: store, tmp: tmp, keep: keep}, manifest.Layers)
	if err != nil {
		return nil, err
	}
	img := &Image{Config: *config, Compressed: manifest.Config.Size, Layers: len(layers), tree: newTree(keep)}
	for i, l := range layers {
		img.Compressed += manifest.Layers[i].Size
		img.Unpacked += l.size
		if err := img.tree.apply(l.changes); err != nil {
			return nil, fmt.Errorf("layer %s: %w", manifest.Layers[i].Digest, err)
		}
	}
	img.dpkg = sync.OnceValue(img.readDpkg)
	img.apk = sync.OnceValue(img.readApk)
	img.owners = sync.OnceValue(img.readOwners)
	img.loader = sync.OnceValue(img.newLoader)
	return img, nil
}

// readLayers reads as many layers at a time as there are processors, the largest
// first: they take the longest.
func readLayers(ctx context.Context, r *reader, descs []v1.Descriptor) ([]*layer, error) {
	order := make([]int, len(descs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(descs[b].Size>>10 - descs[a].Size>>10) })
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	layers := make([]*layer, len(descs))
	for _, i := range order {
		group.Go(func() (err error) {
			if err = ctx.Err(); err != nil {
				return err
			}
			if layers[i], err = r.layer(ctx, descs[i]); err != nil {
				return fmt.Errorf("layer %s: %w", descs[i].Digest, err)
			}
			return nil
		})
	}
	return layers, group.Wait()
}

// env is the value of a variable in the image's environment.
func (img *Image) env(name string) string {
	for _, kv := range slices.Backward(img.Config.Config.Env) {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}
