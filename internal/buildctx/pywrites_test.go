package buildctx

import (
	"slices"
	"testing"
)

func TestWrites(t *testing.T) {
	for src, want := range map[string]string{
		`open("/persist/x", "w")`:                          "/persist/x",
		`open("/persist/x", mode='a')`:                     "/persist/x",
		`open("/persist/x")`:                               "",
		`open("/persist/x", encoding="w")`:                 "",
		`f(open("/persist/x"), "w")`:                       "",
		`open("/persist/%s" % str(n), "w")`:                "/persist/…",
		`open(f"/persist/{n}", "r+")`:                      "/persist/…",
		`open("persist/x", "w")`:                           "",
		`# open("/persist/x", "w")`:                        "",
		`os.makedirs("/models", exist_ok=True)`:            "/models",
		`handlers.RotatingFileHandler("/x.log", "a", 100)`: "/x.log",
		`os.chdir("/")`:                                    "/",
		`URL = "db+sqlite:////store/x.db?timeout=5"`:       "/store/x.db",
		`URL = "sqlite:///x.db"`:                           "",
		`shutil.copy(src / name, "/persist/x")`:            "/persist/x",
		`shutil.move("/persist/x", "x")`:                   "",
		`os.replace(tmp, os.path.join("/persist", name))`:  "/persist/…",
		`shutil.copytree(f(a, b)[1], "../x")`:              "../x",
		`shutil.rmtree("/persist")`:                        "/persist",
		`Path("/persist/x").unlink(missing_ok=True)`:       "/persist/x",
		`tarfile.open("/persist/x.tgz", "w:gz")`:           "/persist/x.tgz",
		`tarfile.open("/persist/x.tgz", "r:gz")`:           "",
		`torch.save(model.state_dict(), f"/persist/{n}")`:  "/persist/…",
		`def makedirs("/models"): pass`:                    "",
	} {
		s := &pyScanner{out: &Uses{}, seen: map[seenKey]bool{}}
		s.scan("x.py", []byte(src+"\n"))
		var got []string
		for _, u := range s.out.Writes {
			got = append(got, u.What)
		}
		if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}
