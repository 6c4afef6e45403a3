package buildctx

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// summary writes a script's facts in one line, empty ones left out.
func summary(s *Script) string {
	var out []string
	add := func(name string, words []string) {
		if len(words) > 0 {
			out = append(out, name+"="+strings.Join(words, ","))
		}
	}
	add("cmd", s.Commands)
	for flag, on := range map[string]bool{"exec-args": s.ExecArgs, "runs-args": s.RunsArgs, "dynamic": s.Dynamic} {
		if on {
			out = append(out, flag)
		}
	}
	slices.Sort(out[min(1, len(out)):])
	add("src", s.Sources)
	add("root", s.Root)
	add("inst", s.Installs)
	for _, g := range s.Gunicorn {
		var words []string
		for _, a := range g.Args {
			words = append(words, a.Text)
		}
		out = append(out, fmt.Sprintf("gunicorn:%d=%s", g.Line, strings.Join(words, " ")))
	}
	var w []string
	for _, a := range s.Writes {
		w = append(w, a.Text)
	}
	add("write", w)
	add("vars", s.Vars)
	return strings.Join(out, "; ")
}

func TestScript(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"plain", "#!/bin/sh\nset -e\npython manage.py migrate\nexec \"$@\"\n", "cmd=python; exec-args"},
		{"run args", "$@", "runs-args"},
		{"gosu", "exec gosu app:app \"$@\"", "cmd=gosu; exec-args; root=gosu"},
		{"su-exec", "if [ \"$(id -u)\" = 0 ]; then\n chown -R app /data\n exec su-exec app \"$0\" \"$@\"\nfi", "cmd=chown,id,su-exec; dynamic; root=chown,su-exec; write=/data"},
		{"gunicorn", "cd /app\nexec gunicorn app:app --bind 0.0.0.0:$PORT \\\n -w \"${WORKERS:-4}\" --name 'a b'",
			"cmd=gunicorn; gunicorn:2=gunicorn app:app --bind 0.0.0.0:$PORT -w \"${WORKERS:-4}\" --name a b; vars=PORT,WORKERS"},
		{"gunicorn by module", "exec python3 -u -m gunicorn app:app", "cmd=gunicorn,python3; gunicorn:1=gunicorn app:app"},
		{"wrappers", "exec env -u X A=1 nice -n 5 timeout -k 3 10 nohup gunicorn a:b", "cmd=env,gunicorn,nice,nohup,timeout; gunicorn:1=gunicorn a:b"},
		{"sudo", "sudo -E -u app -- python x.py", "cmd=python,sudo; root=sudo"},
		{"poetry", "poetry run gunicorn a:b; conda run -n env python x", "cmd=conda,gunicorn,poetry,python; inst=conda; gunicorn:1=gunicorn a:b"},
		{"sh -c", "sh -ec 'cd /x && git pull'\nbash -o pipefail -c \"curl $URL | tee out.log\"", "cmd=bash,curl,git,sh,tee; dynamic; write=out.log; vars=URL"},
		{"su", "su - app -s /bin/sh -c 'celery worker'", "cmd=celery,su; root=su"},
		{"functions", "log() { date; }\nlog hi; /usr/local/bin/log2", "cmd=date,log2"},
		{"substitution", "X=$(pg_isready -h db) || y=`which nc`; X=1 psql", "cmd=pg_isready,psql,which"},
		{"query", "command -v curl && command ls", "cmd=ls"},
		{"install", "pip install -r r.txt; python -m pip install x; apt-get update", "cmd=apt-get,pip,python; inst=apt-get,pip"},
		{"writes", "mkdir -p -m 755 /a \"$B\"; touch c; echo > d 2>/dev/null; cat <<E >> e\nx $Y\nE\ncp x y z",
			"cmd=cat,cp,mkdir,touch; write=/a,\"$B\",c,d,e,z; vars=B,Y"},
		{"sources", ". ./env.sh; source \"$HOME/x\"; sh other.sh arg", "cmd=sh; src=\"$HOME/x\",./env.sh,other.sh; vars=HOME"},
		{"dynamic", "$CMD --x; eval \"$Y\"", "dynamic; vars=CMD,Y"},
		{"find", "find / -name x -exec rm -f {} \\; -exec chown a {} +", "cmd=chown,find,rm; root=chown; write={}"},
		{"wait", "./wait-for-it.sh db:5432 -- python app.py", "cmd=python,wait-for-it.sh"},
		{"trap", "trap 'kill $(cat pid)' TERM", "cmd=cat"},
		{"crlf", "#!/bin/bash\r\nset -e\r\nexec \"$@\"\r\n", "exec-args"},
		{"env shebang", "#!/usr/bin/env -S bash -eu\n[[ -n $A ]] && ls", "cmd=ls; vars=A"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		s := ParseScript("entry.sh", []byte(tt.src))
		if got := summary(s); got != tt.want || !s.Shell || s.Problem != "" {
			t.Errorf("%s:\n got %s\nwant %s (%+v)", tt.name, got, tt.want, s.Problem)
		}
		if s.CRLF != (tt.name == "crlf") {
			t.Errorf("%s: CRLF %v", tt.name, s.CRLF)
		}
	}
}

func TestNotShell(t *testing.T) {
	c := files("a.py", "print()", "b", "#!/usr/bin/env python3\nx", "c", "\x7fELF\x00", "d.sh", "if", "e", "#! /usr/bin/fish\n",
		".dockerignore", "hidden.sh", "hidden.sh", "")
	for name, want := range map[string]string{
		"a.py": "not shell: .py", "b": "not shell: interpreter python3", "c": "not shell: binary", "e": "not shell: interpreter fish",
	} {
		s, err := c.Script(name)
		if err != nil || s.Shell || s.Problem != want {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if s, err := c.Script("d.sh"); err != nil || !s.Shell || s.Problem == "" {
		t.Errorf("a script that does not parse: %+v, %v", s, err)
	}
	for _, name := range []string{"none.sh", "hidden.sh"} {
		if s, err := c.Script(name); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	var unknown *Context
	if _, err := unknown.Script("a"); err != ErrUnknown {
		t.Errorf("nil context: %v", err)
	}
}

func TestScriptHostile(t *testing.T) {
	for _, unit := range []string{"$(", "(", "if ", "{ ", "\"$(", "`", "exec ", "find -exec ", "sh -c '", "! ", "[[ ( ", "$((", "case x in x) ", "${a:-", "a && ", "<(", "\\", "a?", "a=", "-", "1**", "a[", "'", "\"", "else ", "elif ", "while ", "function f "} {
		n := maxScript/len(unit) - 4
		if b := strings.Count(unit, "(") + strings.Count(unit, "[") + strings.Count(unit, "{"); b > 0 {
			n = min(n, maxBrackets/b-4)
		}
		start := time.Now()
		for _, prefix := range []string{"", "$((", "exec "} {
			ParseScript("x.sh", []byte(prefix+strings.Repeat(unit, n)))
		}
		if d := time.Since(start); d > patience {
			t.Errorf("%q nested: %v", unit, d)
		}
	}
	if s := ParseScript("x.sh", make([]byte, maxScript+1)); s.Problem == "" {
		t.Error("a huge script is no problem")
	}
}

func FuzzScript(f *testing.F) {
	for _, s := range []string{"#!/bin/sh\nexec \"$@\"", "sh -c \"a $b\" | tee x", "cat <<E\nx\nE", "a=(1 2); ${a[1]}", "trap 'trap \"x\" 1' 2", "conda run", "find -exec", "\xff\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s := ParseScript("x.sh", src)
		if !s.Shell && s.Problem == "" {
			t.Fatal("not shell, and nothing says why")
		}
		for _, c := range s.Calls {
			if len(c.Args) == 0 || c.Line < 1 {
				t.Fatalf("%+v", c)
			}
		}
	})
}
