package buildctx

import (
	"reflect"
	"testing"
	"testing/fstest"
)

func TestSettingPlaces(t *testing.T) {
	ctx := FromFS(fstest.MapFS{
		"app.ini":        {Data: []byte("[log]\n; /var/old\nfile=/var/log/app.log, /srv/x\r\nurl = http://data/x\nroute = /users\n")},
		"c/app.yaml":     {Data: []byte("db: sqlite:////data/app.db\nargs: (\"/run/app.pid\",)\n")},
		".env":           {Data: []byte("# /var/no\nDIR=/mnt/files\n")},
		"other.toml":     {Data: []byte("dir = \"/var/lib/other\"\n")},
		"hidden.ini":     {Data: []byte("dir = /var/hidden\n")},
		"app.py":         {Data: []byte("x = \"/var/code\"\n")},
		".dockerignore":  {Data: []byte("hidden.ini\n")},
		"settings.large": {Data: []byte("dir = /var/large\n")},
	})
	got := ctx.SettingPlaces(func(name string) bool { return name != "other.toml" })
	want := []Use{
		{"/mnt/files", ".env", 2},
		{"/var/log/app.log", "app.ini", 3}, {"/srv/x", "app.ini", 3},
		{"/data/app.db", "c/app.yaml", 1}, {"/run/app.pid", "c/app.yaml", 2},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
