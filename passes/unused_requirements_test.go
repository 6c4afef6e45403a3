package passes

import (
	"testing"
	"testing/fstest"

	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/transform"
)

// What is installed tells more than the table, which knows neither of these distributions.
func TestUnusedBy(t *testing.T) {
	opt := &transform.Options{PruneRequirements: true, Context: buildctx.FromFS(fstest.MapFS{
		"app.py":           {Data: []byte("import odd\n")},
		"requirements.txt": {Data: []byte("some-lib==1.0\nother-lib==2.0\n")},
	})}
	src := "FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nCMD [\"python\", \"app.py\"]\n"
	metadata := map[string]facts.Distribution{
		"some-lib":  {Name: "some-lib", Modules: []string{"odd"}, ModulesKnown: true, RequiresKnown: true},
		"other-lib": {Name: "other-lib", Modules: []string{"other"}, ModulesKnown: true, RequiresKnown: true},
	}
	for _, test := range []struct {
		pass *transform.Pass
		want string // what becomes of the requirement file; "" where it stays
	}{
		{unusedRequirementsPass, ""},
		{UnusedBy(metadata), "some-lib==1.0\n"},
	} {
		r, err := transform.Run("Dockerfile", src, []*transform.Pass{test.pass}, opt)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, c := range r.Companions {
			got += c.Content
		}
		if got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
