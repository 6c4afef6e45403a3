package shell

import (
	"slices"
	"strings"
	"testing"
)

func TestLeaks(t *testing.T) {
	tests := []struct{ run, want string }{
		{"a && b", ""},
		{"cd /x && a", "cd=cd /x"},
		{"(cd /x && a)", ""},
		{"a | cd /x", ""},
		{"a $(cd /x)", ""},
		{"{ cd /x; }", "cd=cd /x"},
		{"if a; then cd /x; fi", "cd=cd /x"},
		{"pushd x && popd", "cd=pushd x cd=popd"},
		{"set -ex && a", "option=set -ex"},
		{"set", ""},
		{"X=1 a", ""},
		{"X=1 && a", "variable=X=1"},
		{"X=1 export Y", "variable=X=1 export Y variable=X=1"},
		{"export X=1; unset Y", "variable=export X=1 variable=unset Y"},
		{"umask 022 && ulimit -n 5 && ulimit -n", "umask=umask 022 ulimit=ulimit -n 5"},
		{"trap 'x' EXIT", "trap=trap 'x' EXIT"},
		{". /x && source y && eval z", "source=. /x source=source y source=eval z"},
		{"a || exit 1", "exit=exit 1"},
		{"exec a", "exit=exec a"},
		{"command cd /x", "cd=command cd /x"},
		{"command -v cd", ""},
		{"f() { a; }", "function=f() { a; }"},
		{"alias a=b", "alias=alias a=b"},
		{"for i in a; do b; done", "variable=for i in a; do b; done"},
		{"while a; do b; done", ""},
		{"a & b", "job=a"},
		{"(a &)", "job=a"},
		{"read x", "variable=read x"},
		{"a # b", "comment=# b"},
		{"a \\\\ \\\\\\", "backslash=\\"},
		{"a \\\\", ""},
		{"$X a", "dynamic=$X a"},
		{": ${X:=1}", "assign-in-expand=: ${X:=1}"},
		{"a $((X=1))", "assign-in-expand=a $((X=1))"},
		{"a $((X==1))", ""},
		{"(a", "opaque=(a"},
		{"cat <<EOF\nx\nEOF", "heredoc=cat <<EOF\nx\nEOF"},
		{"<<EOF\na # b\nc\nEOF", ""},
		{"<<EOF\na\nc # d\n\nEOF", "comment=# d"},
		{"[\"cd\", \"x\"]", ""},
	}
	for _, tt := range tests {
		s := script(t, "RUN "+tt.run)
		var got []string
		for _, l := range s.Leaks() {
			got = append(got, string(l.Kind)+"="+s.src[l.Span.Start:l.Span.End])
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.run, g, tt.want)
		}
	}
}

func TestNeedsBraces(t *testing.T) {
	for run, want := range map[string]bool{
		"a && b": false, "a | b": false, "! a": false, "(a; b)": false, "if a; then b; fi": false,
		"a; b": true, "a;": true, "a || b": true, "a && b || c": true, "a &": true, "<<EOF\na\nb\nEOF": true,
	} {
		if got := script(t, "RUN "+run).NeedsBraces(); got != want {
			t.Errorf("%s: got %v", run, got)
		}
	}
}

func TestTools(t *testing.T) {
	tests := []struct {
		run, want string
		known     bool
	}{
		{"a && b | c || d; e", "a b c d e", true},
		{"a $(b `c`) > $(d)", "a b c d", true},
		{"if a; then b; fi; for i in $(c); do d; done", "a b c d", true},
		{"env -i X=1 Y=2 curl x", "env curl", true},
		{"env -u X a", "env a", true},
		{"env", "env", true},
		{"env -S 'a b'", "env", false},
		{"sudo -E -u root a", "sudo a", true},
		{"exec -a x nohup nice -n 5 time a", "exec nohup nice time a", true},
		{"timeout -k 5 10 a", "timeout a", true},
		{"timeout $T a", "timeout a", true},
		{"find . -name x | xargs -0 -n1 rm -f", "find xargs rm", true},
		{"xargs -I{} sh -c 'a {}; b'", "xargs sh a b", true},
		{`find . -exec a {} \; -o -execdir b {} +`, "find a b", true},
		{"bash -lc 'a && b'", "bash a b", true},
		{"bash -o pipefail -c 'a'", "bash a", true},
		{"sh -ec \"a | sh -c 'b'\"", "sh a b", true},
		{"sh -c \"$X\"", "sh", false},
		{"sh x.sh", "sh", true},
		{"curl x | bash -s -- y", "curl bash", true},
		{"su -c 'a b' user", "su a", true},
		{"su user -c 'a b'", "su a", true},
		{"runuser -u user -- a", "runuser a", true},
		{"gosu user a", "gosu a", true},
		{"command -v a || b", "command b", true},
		{"command a", "command a", true},
		{"eval 'a b'", "eval a", true},
		{"eval \"$(a)\"", "eval a", false},
		{"$CMD a", "", false},
		{"\"$@\"", "", false},
		{"f() { a; } && f && b", "a b", true},
		{"/usr/bin/env python3 x", "/usr/bin/env python3", true},
		{"tini -g -- a", "tini a", true},
		{"(a", "", false},
		{`["a", "b"]`, "a", true},
		{`["/bin/sh", "-c", "a && exec b"]`, "/bin/sh a exec b", true},
		{"cat <<EOF\n$(a)\nEOF", "cat a", true},
		{"cat <<'EOF'\n$(a)\nEOF", "cat", true},
		{"flock /x -c 'a b'", "flock a", true},
		{"chroot /x a", "chroot a", true},
		{"a 'x' && a", "a", true},
		{"X=1", "", true},
	}
	for _, tt := range tests {
		s := script(t, "RUN "+tt.run)
		names := slices.Clone(s.Tools())
		want := strings.Fields(tt.want)
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) || s.ToolsKnown() != tt.known {
			t.Errorf("%s: got %v %v, want %v %v", tt.run, names, s.ToolsKnown(), want, tt.known)
		}
	}
	if !script(t, "RUN /usr/bin/curl x").Toolset().Has("curl") {
		t.Error("a command with its path is not found by its name")
	}
}

func TestEffective(t *testing.T) {
	for run, want := range map[string]string{
		"pip install x":                    "pip install x",
		"sudo -H env A=1 nice pip install": "pip install",
		"X=1 a b":                          "a b",
		"$X a":                             "",
		"env -S 'a'":                       "",
		"exec a":                           "a",
	} {
		var got []string
		for _, w := range script(t, "RUN "+run).Commands()[0].Effective() {
			got = append(got, w.Text)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s: got %q, want %q", run, g, want)
		}
	}
}

func TestVars(t *testing.T) {
	tests := []struct{ run, want string }{
		{"a $X ${Y:-z} \"$Z\"", "X Y Z"},
		{"a '$X' \\$Y", ""},
		{"X=1 && a $X", "X="},
		{"X=1; a && b $X", "X="},
		{"X=1 a $X", "X"},
		{"a && X=1; b $X", "X"},
		{"a && X=1 && b $X", "X="},
		{"a || X=1; b $X", "X"},
		{"(X=1); a $X", "X"},
		{"X=1 | a; b $X", "X"},
		{"if a; then X=1; fi; b $X", "X"},
		{"X=$X:y && a $X", "X X="},
		{"X+=1; a $X", "X"},
		{"export X=1 && a $X", "X="},
		{"a $(b $X)", "X"},
		{"a $((X + 1))", "X"},
		{"a ${X:-$Y}", "X Y"},
		{"sh -c 'a $X'", "X"},
		{"sh -c \"a \\$X\"", "X"},
		{"a $1 $@ $?", ""},
		{"for i in $X; do a $i; done", "X i"},
		{"cat <<EOF\n$X\nEOF", "X"},
		{"[ -n \"$X\" ] && a", "X"},
	}
	for _, tt := range tests {
		var got []string
		for _, v := range script(t, "RUN "+tt.run).Vars() {
			name := v.Name
			if v.Assigned {
				name += "="
			}
			got = append(got, name)
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%s: got %q, want %q", tt.run, g, tt.want)
		}
	}
	if s := script(t, "RUN X=1 && a $X $Y"); s.Uses("X") || !s.Uses("Y") {
		t.Error("Uses is wrong about assigned variables")
	}
}
