package passes

import (
	"bytes"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/buildctx"
	"refit/transform"
)

// addToCopy turns ADD into COPY where both do the same. ADD also fetches what a
// URL names and unpacks a local tar archive, which BuildKit knows by its
// content: a source is none when it is a directory, when its name says what else
// it is, or when the file in the context does not start like an archive. A flag
// that COPY lacks asks for ADD. What is an archive or a URL needs ADD, and there
// is nothing to say.
func addToCopy(f *transform.File, in *transform.Instruction, spelling spelling) *transform.Finding {
	cmd, _ := in.Command()
	c, ok := cmd.(*instructions.AddCommand)
	keyword := transform.Span{Start: in.Body.Start, End: in.Body.Start + len(in.Node.Value)}
	if !ok || c.Checksum != "" || c.KeepGitDir != nil || c.Unpack != nil || f.Text(keyword) != in.Node.Value {
		return nil
	}
	for _, source := range c.SourcePaths {
		text, ok := f.State(in).Expand(source)
		switch {
		case remote(source) || ok && remote(text):
			return nil
		case ok && unpacked(text):
			return nil
		case !ok || !plain(contextOf(f), text):
			return &transform.Finding{At: in.Body, Reason: "may-be-archive",
				Why: "ADD unpacks a tar archive of any name, and what " + source + " is cannot be told"}
		}
	}
	return &transform.Finding{
		At:    in.Body,
		Why:   "COPY does the same for local files, and does not unpack or download anything by surprise",
		Edits: []transform.Edit{{Span: keyword, New: spelling.of("copy")}},
	}
}

// plain reports that no file of a source can be a tar archive.
func plain(c *buildctx.Context, source string) bool {
	if matches, err := c.Match(source); err == nil && len(matches) > 0 {
		for _, m := range matches {
			if !m.Dir && !plainName(m.Path) && !plainContent(c, m.Path) {
				return false
			}
		}
		return true
	}
	name := path.Base(source)
	return strings.HasSuffix(source, "/") && path.Ext(name) == "" || name == "." || name == ".." || plainName(source)
}

// plainName reports a file name that says that the file is no tar archive. For a
// pattern that is what stands behind its last wildcard.
func plainName(source string) bool {
	name := path.Base(source)
	if i := strings.LastIndexAny(name, "*?]"); i >= 0 {
		ext := path.Ext(name)
		return strings.LastIndexByte(name, '.') > i && plainExt[strings.ToLower(ext)]
	}
	if plainBase[strings.ToLower(name)] {
		return true
	}
	return plainExt[strings.ToLower(path.Ext(name))]
}

// plainContent reports a file that does not start like a tar archive or like
// what one may be compressed with: gzip, bzip2, xz or zstd (their magic numbers
// as in file(1)), or a tar header, which has "ustar" at 257 or, in the old
// format, nothing but NUL bytes there.
func plainContent(c *buildctx.Context, name string) bool {
	b, err := c.ReadFile(name)
	if err != nil {
		return false
	}
	for _, magic := range []string{"\x1f\x8b", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(b, []byte(magic)) {
			return false
		}
	}
	return len(b) < 512 || !bytes.HasPrefix(b[257:], []byte("ustar")) && !bytes.HasPrefix(b[257:], make([]byte, 8))
}

// plainExt are extensions of files that are no tar archives: text, programs'
// sources, configuration, keys, pictures, fonts, and archives of another format.
var plainExt = setOf(`
	.txt .md .rst .adoc .log .csv .tsv .json .jsonl .yml .yaml .toml .ini .cfg
	.conf .cnf .config .properties .env .lock .xml .xsd .xsl .plist .html .htm .css
	.scss .sass .less .js .mjs .cjs .jsx .ts .tsx .vue .py .pyx .pyi .ipynb
	.rb .ru .rake .gemspec .go .mod .sum .rs .c .h .cc .cpp .hpp .java .kt
	.scala .sbt .groovy .gradle .clj .php .pl .pm .lua .r .jl .hs .cabal .ex
	.exs .erl .swift .cs .csproj .fsproj .sln .vb .ps1 .bat .cmd .sh .bash .zsh
	.fish .sql .tf .hcl .proto .graphql .j2 .jinja .jinja2 .tpl .tmpl .template
	.erb .mustache .patch .diff .list .repo .sources .service .timer .socket .cron
	.crontab .init .rules .vcl .pem .crt .cer .key .pub .gpg .asc .cert .csr
	.png .jpg .jpeg .gif .svg .ico .webp .ttf .otf .woff .woff2 .pdf
	.jar .war .ear .zip .whl .deb .rpm .exe .dll .so .mk .cmake .am .ac .in
	.vim .el .tex .bib .po .pot .local .example .sample .dist .cgi .wsgi .default
`)

// plainBase are names, in lower case, of files that are no archives.
var plainBase = setOf(`
	dockerfile makefile gnumakefile gemfile rakefile pipfile procfile vagrantfile jenkinsfile
	brewfile guardfile capfile gruntfile caddyfile license licence copying readme changelog
	authors version crontab supervisord gradlew mvnw manage configure authorized_keys
	known_hosts id_rsa sshd_config ssh_config hosts passwd sudoers .env .dockerignore
	.gitignore .gitmodules .gitconfig .bashrc .bash_profile .profile .zshrc .vimrc .npmrc
	.yarnrc .babelrc .eslintrc .nvmrc .bowerrc .condarc .pypirc .netrc .htaccess .htpasswd
	.editorconfig .inputrc .tmux.conf .gemrc .ruby-version .python-version .node-version
	.coveragerc .flake8 .pylintrc .pgpass .my.cnf .screenrc .wgetrc .curlrc
`)
