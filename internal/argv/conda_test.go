package argv_test

import (
	"testing"

	"refit/internal/argv"
)

func TestConda(t *testing.T) {
	for _, c := range []struct {
		text, verb, file string
		fetches, known   bool
		inner            string
		operands         int
	}{
		{"conda env create -f environment.yml", "env create", "environment.yml", true, true, "", 0},
		{"conda env update -n base --file=a/env.yml --prune", "env update", "a/env.yml", true, true, "", 0},
		{"/opt/conda/bin/conda install -yq -c conda-forge 'python>=3' numpy", "install", "", true, true, "", 2},
		{"mamba create -n x --file reqs.txt", "create", "reqs.txt", true, true, "", 0},
		{"micromamba -r /opt/conda install -y -n base -f /tmp/env.yaml", "install", "/tmp/env.yaml", true, true, "", 0},
		{"conda install -f numpy", "install", "", true, true, "", 1},
		{"conda clean -afy", "clean", "", false, true, "", 0},
		{"conda clean -tipsy", "clean", "", false, true, "", 0},
		{"conda run -n x --no-capture-output pip install -r r.txt", "run", "", false, true, "pip", 1},
		{"conda", "", "", false, true, "", 0},
		{"conda install --what numpy", "install", "", true, false, "", 1},
	} {
		got, ok := argv.Conda(first(command(t, c.text)))
		if !ok {
			t.Errorf("%s: not read", c.text)
			continue
		}
		file, _ := got.Option("--file")
		inner := ""
		if in := got.Inner(); in != nil {
			inner = in.Name()
		}
		if got.Verb != c.verb || file.Value != c.file || got.Fetches() != c.fetches || got.Known != c.known || inner != c.inner || len(got.Operands) != c.operands {
			t.Errorf("%s: %q %q %v %v %q %d", c.text, got.Verb, file.Value, got.Fetches(), got.Known, inner, len(got.Operands))
		}
	}
}
