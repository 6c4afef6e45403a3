package passes

import (
	"fmt"
	"reflect"
	"testing"
	"testing/fstest"

	"refit/internal/buildctx"
	"refit/transform"
)

// TestOthersAreReadOnce holds that what another Dockerfile uses is read once for all
// of its context, anew where it is another text, and that it adds up as if all were
// read one after the other.
func TestOthersAreReadOnce(t *testing.T) {
	disk := fstest.MapFS{"app/main.py": {}, "lib/x.py": {}, "package.json": {}}
	ctx := buildctx.FromFS(disk)
	texts := []string{
		"FROM a\nCOPY app /app\nRUN git describe\nRUN python -m venv /opt/venv\n",
		"FROM b\nCOPY lib/* /lib/\nRUN npm ci\n",
		"FROM c\nARG X\nCOPY $X /x\nRUN --mount=type=bind,source=package.json,target=/p true\n",
		"no Dockerfile",
	}
	want, got := &contextUse{}, &contextUse{}
	for i, text := range texts {
		name := fmt.Sprint(i, ".Dockerfile")
		first := useOf(name, text, ctx.WithDockerfile("x.Dockerfile"))
		for j := range 20 {
			if useOf(name, text, ctx.WithDockerfile(fmt.Sprint(j))) != first {
				t.Fatalf("%s is read again", name)
			}
		}
		if again := useOf(name, text+"# new\n", ctx); again == first && first != nil {
			t.Errorf("%s is not read anew", name)
		}
		got.add(first)
		if f, err := transform.Parse(name, text, nil); err == nil {
			want.read(f, ctx)
		} else if first != nil {
			t.Errorf("%s: it is none, and uses %v", name, first)
		}
	}
	if want.first = nil; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !got.history || !got.node || got.unknown == "" || len(got.venvs) == 0 || len(got.globs) == 0 || len(got.named) == 0 {
		t.Errorf("the Dockerfiles of this test use too little: %+v", got)
	}
}
