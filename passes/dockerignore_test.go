package passes

import "testing"

// TestIgnoreContent holds how patterns are put behind what is there, byte for
// byte.
func TestIgnoreContent(t *testing.T) {
	added := []hidden{{pattern: ".git", group: 0}, {pattern: ".hg", group: 0}, {pattern: ".env", group: 4}}
	const plain = "# Version control\n.git\n.hg\n\n# Secrets: give them to the container when it runs\n.env\n"
	for _, c := range []struct{ text, want string }{
		{"", plain},
		{"\n", "\n" + plain},
		{"*.md", "*.md\n\n" + plain},
		{"*.md\n", "*.md\n\n" + plain},
		{"*.md\n\n", "*.md\n\n" + plain},
		{"a\r\nb", "a\r\nb\r\n\r\n# Version control\r\n.git\r\n.hg\r\n\r\n# Secrets: give them to the container when it runs\r\n.env\r\n"},
		{"a\r\n\r\n", "a\r\n\r\n# Version control\r\n.git\r\n.hg\r\n\r\n# Secrets: give them to the container when it runs\r\n.env\r\n"},
	} {
		g := &ignoring{hidden: added, file: ignoreFile{text: c.text, there: true}}
		if got := g.content(); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestMentions(t *testing.T) {
	for _, c := range []struct {
		text, name string
		want       bool
	}{
		{"os.environ[\"A\"]", ".env", false},
		{"process.env.PORT", ".env", false},
		{"load('.env')", ".env", true},
		{"load('x/.env')", ".env", true},
		{"load('.env.local')", ".env", true},
		{"import dotenv", "dotenv", true},
		{"pydotenvy", "dotenv", false},
		{"a git-annex b", "git", false},
		{"git", "git", true},
	} {
		if got := mentionsName(c.text, c.name); got != c.want {
			t.Errorf("mentionsName(%q, %q) = %v", c.text, c.name, got)
		}
	}
}
