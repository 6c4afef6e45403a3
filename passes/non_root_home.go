package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

// homeTools keep data in the home directory that the application looks for when
// it runs, unless one of the words says where else, a variable or an option, by
// their documentation.
var homeTools = []struct{ text, elsewhere string }{
	{"playwright install", "PLAYWRIGHT_BROWSERS_PATH"}, {"patchright install", "PLAYWRIGHT_BROWSERS_PATH"}, {"pyppeteer-install", "PYPPETEER_HOME"},
	{"camoufox fetch", "XDG_CACHE_HOME"}, {"DriverManager(", "WDM_LOCAL"}, {"crawl4ai-setup", "CRAWL4_AI_BASE_DIRECTORY"},
	{"nltk.download", "NLTK_DATA download_dir="}, {"textblob.download", "NLTK_DATA"}, {"stanza.download(", "STANZA_RESOURCES_DIR"},
	{"gensim.downloader", "GENSIM_DATA_DIR"}, {"datasets import fetch_", "SCIKIT_LEARN_DATA data_home="},
	{"huggingface-cli download", huggingFace + " --local-dir"}, {"hf download", huggingFace + " --local-dir"},
	{"snapshot_download(", huggingFace + " local_dir="}, {"hf_hub_download(", huggingFace + " local_dir="},
	{"from_pretrained", huggingFace}, {"transformers import pipeline", huggingFace}, {"transformers.pipeline(", huggingFace},
	{"SentenceTransformer(", huggingFace}, {"CrossEncoder(", huggingFace}, {"HuggingFaceEmbeddings(", huggingFace},
	{"WhisperModel(", huggingFace + " download_root="}, {"load_dataset(", huggingFace + " HF_DATASETS_CACHE"},
	{"whisper.load_model", "XDG_CACHE_HOME download_root="}, {"clip.load(", "download_root="}, {"open_clip.", huggingFace},
	{"timm.create_model(", huggingFace}, {"torch.hub", "TORCH_HOME hub.set_dir"}, {"torchvision import models", "TORCH_HOME"},
	{"torchvision.models", "TORCH_HOME"}, {"keras.applications", "KERAS_HOME"}, {"tfds.load(", "TFDS_DATA_DIR data_dir="},
	{"easyocr.Reader(", "EASYOCR_MODULE_PATH model_storage_directory="}, {"rembg import", "U2NET_HOME"}, {"PaddleOCR(", "PADDLE_OCR_BASE_DIR"},
	{"FaceAnalysis(", "INSIGHTFACE_HOME root="}, {"DeepFace.", "DEEPFACE_HOME"}, {"TTS.api", "TTS_HOME XDG_DATA_HOME"},
	{"kagglehub.", "KAGGLEHUB_CACHE"}, {"ollama pull", "OLLAMA_MODELS"}, {"argospm install", "ARGOS_PACKAGES_DIR"},
	{"prisma generate", "PRISMA_BINARY_CACHE_DIR PRISMA_HOME_DIR XDG_CACHE_HOME"}, {"prisma py fetch", "PRISMA_BINARY_CACHE_DIR PRISMA_HOME_DIR XDG_CACHE_HOME"},
	{"ansible-galaxy", "ANSIBLE_HOME ANSIBLE_COLLECTIONS_PATH ANSIBLE_ROLES_PATH --collections-path --roles-path"},
	{"pip install --user", "PYTHONUSERBASE"}, {"pipx install", "PIPX_HOME"}, {"git config --global", "GIT_CONFIG_GLOBAL"}, {"aws configure", "AWS_CONFIG_FILE"},
	{"az extension add", "AZURE_EXTENSION_DIR"}, {"huggingface-cli login", "HF_HOME HF_TOKEN_PATH"}, {"hf auth login", "HF_HOME HF_TOKEN_PATH"},
	{"--generate-config", "JUPYTER_CONFIG_DIR"}, {"uv tool install", "UV_TOOL_DIR"}, {"uv python install", "UV_PYTHON_INSTALL_DIR"},
	{"poetry install", "POETRY_VIRTUALENVS_CREATE POETRY_VIRTUALENVS_IN_PROJECT POETRY_VIRTUALENVS_PATH VIRTUAL_ENV"},
	{"pipenv install", "PIPENV_VENV_IN_PROJECT WORKON_HOME VIRTUAL_ENV"}, {"pipenv sync", "PIPENV_VENV_IN_PROJECT WORKON_HOME VIRTUAL_ENV"},
}

// huggingFace are the variables and options of the libraries that load models
// from the Hugging Face hub.
const huggingFace = "HF_HOME HF_HUB_CACHE HUGGINGFACE_HUB_CACHE TRANSFORMERS_CACHE SENTENCE_TRANSFORMERS_HOME cache_dir= cache_folder="

// homeTool reports a tool that keeps data in root's home: in the text of a step,
// or in that of a file which the step runs.
func (n *nonRooter) homeTool(in *transform.Instruction, text, file string) *hold {
	st := n.f.State(in)
	for _, t := range homeTools {
		if !strings.Contains(text, t.text) {
			continue
		}
		words := strings.Fields(t.elsewhere)
		if slices.ContainsFunc(words, func(w string) bool { return !isOption(w) && (strings.Contains(text, w) || st.HasEnv(w)) }) {
			continue
		}
		if everyCall(text, t.text, append(words, "--system", " -d /")) {
			continue
		}
		all := n.f.Src + text
		if t.elsewhere[0] == 'P' && strings.Contains(all, "virtualenvs.create") || strings.Contains(all, "virtualenvs.in-project true") {
			continue
		}
		who := ""
		if file != "" {
			who = " in " + file + ", which the step runs,"
		}
		return holdf(in, "data-under-root", "“%s”%s keeps data in root's home, which another user cannot enter", t.text, who)
	}
	return nil
}

// isOption reports a word that says where to for one call, not for all.
func isOption(w string) bool {
	return strings.HasPrefix(w, "-") || strings.HasPrefix(w, " ") || strings.HasSuffix(w, "=")
}

// everyCall reports a text in which each call of a tool has one of the options.
func everyCall(text, tool string, words []string) bool {
	for _, arguments := range strings.Split(text, tool)[1:] {
		if !slices.ContainsFunc(words, func(w string) bool { return isOption(w) && strings.Contains(arguments, w) }) {
			return false
		}
	}
	return true
}

// homeCode looks for the same in the files of the context that a step runs.
func (n *nonRooter) homeCode(in *transform.Instruction) *hold {
	if n.ctx == nil {
		return nil
	}
	r := &stepCode{n: n, in: in, seen: map[string]bool{}}
	dir := n.image.dirAt(in).path
	for _, c := range shell.Of(n.f, in).Commands() {
		dir = changeDir(n.f.State(in), c, dir)
		var words []string
		for _, w := range c.Effective() {
			text, ok := shellValue(n.f.State(in), w)
			if !ok {
				text = w.Text
			}
			words = append(words, text)
		}
		r.command(words, dir)
	}
	for len(r.todo) > 0 {
		file := r.todo[0]
		r.todo = r.todo[1:]
		if h := r.file(file); h != nil {
			return h
		}
	}
	return nil
}

// stepCode follows the code of the context that a step runs, from file to file:
// by what scripts call and what modules import.
type stepCode struct {
	n    *nonRooter
	in   *transform.Instruction
	seen map[string]bool
	todo []string // files of the context
}

func (r *stepCode) add(file string) {
	if !r.seen[file] {
		r.seen[file] = true
		r.todo = append(r.todo, file)
	}
}

// addPath adds the file of the context that the step sees at a path.
func (r *stepCode) addPath(dir, name string) {
	if file, ok := seenFile(r.n.image, r.in, absolute(dir, name)); ok {
		r.add(file)
	}
}

// command looks for the program of a command among the context's files.
func (r *stepCode) command(words []string, dir string) {
	if len(words) == 0 || dir == "" && !path.IsAbs(words[0]) {
		return
	}
	switch base := path.Base(words[0]); {
	case isInterpreter(base):
		r.python(words[1:], dir)
	case isShell(base) || base == "source" || base == ".":
		if i := slices.IndexFunc(words[1:], func(w string) bool { return !strings.HasPrefix(w, "-") }); i >= 0 {
			r.addPath(dir, words[i+1])
		}
	case strings.Contains(words[0], "/"):
		r.addPath(dir, words[0])
		if base == "manage.py" {
			r.django(words[1:])
		}
	}
}

// python looks at what an interpreter is given.
func (r *stepCode) python(words []string, dir string) {
	for i, w := range words {
		switch {
		case w == "-c" && i+1 < len(words):
			r.imports(words[i+1], dir)
			return
		case w == "-m" && i+1 < len(words):
			r.module(words[i+1], dir)
			return
		case strings.HasPrefix(w, "-"):
			continue
		}
		r.addPath(dir, w)
		if path.Base(w) == "manage.py" {
			r.django(words[i+1:])
		}
		return
	}
}

// django adds the application's own command that manage.py is given.
func (r *stepCode) django(words []string) {
	if len(words) == 0 {
		return
	}
	entries, _ := r.n.ctx.Files()
	for _, e := range entries {
		if strings.HasSuffix("/"+e.Path, "/management/commands/"+words[0]+".py") {
			r.add(e.Path)
		}
	}
}

// imports adds the modules of the context that a program given to the
// interpreter imports.
func (r *stepCode) imports(code, dir string) {
	for _, m := range buildctx.ImportedModules(code) {
		r.module(m, dir)
	}
}

// module adds a module by its dotted name, with the packages that it is in.
func (r *stepCode) module(dotted, dir string) {
	p := ""
	for _, part := range strings.Split(dotted, ".") {
		p = path.Join(p, part)
		for _, name := range []string{p + ".py", p + "/__init__.py", p + "/__main__.py"} {
			r.addPath(dir, name)
		}
	}
}

// file reads one file, and goes on to those that it runs or imports.
func (r *stepCode) file(name string) *hold {
	b, err := r.n.ctx.ReadFile(name)
	if err != nil {
		return nil
	}
	text := withoutComments(string(b))
	if h := r.n.homeTool(r.in, text, name); h != nil {
		return h
	}
	if path.Ext(name) == ".py" {
		r.imported(name, text)
		return nil
	}
	s, err := r.n.ctx.Script(name)
	if err != nil || !s.Shell {
		return nil
	}
	dir := r.n.image.dirAt(r.in).path
	for _, c := range s.Calls {
		if c.Name != "rm" && slices.ContainsFunc(c.Args, func(a buildctx.Arg) bool { return namesHome(a.Text) }) {
			return holdf(r.in, "data-under-root", "%s, which the step runs, uses root's home, which another user cannot enter", name)
		}
		var words []string
		for _, a := range c.Args {
			words = append(words, a.Text)
		}
		r.command(words, dir)
	}
	for _, src := range s.Sources {
		r.addPath(dir, src)
	}
	return nil
}

// imported adds what a module of the context imports of the context: relative to
// its own directory, to those above it, or, where it imports relatively, all of
// its package.
func (r *stepCode) imported(name, text string) {
	for _, m := range buildctx.ImportedModules(text) {
		for dir := path.Dir(name); ; dir = path.Dir(dir) {
			p := ""
			for _, part := range strings.Split(m, ".") {
				p = path.Join(p, part)
				r.addFile(path.Join(dir, p+".py"))
				r.addFile(path.Join(dir, p, "__init__.py"))
			}
			if dir == "." {
				break
			}
		}
	}
	if strings.Contains(text, "from .") {
		entries, _ := r.n.ctx.Files()
		for _, e := range entries {
			if path.Dir(e.Path) == path.Dir(name) && path.Ext(e.Path) == ".py" {
				r.add(e.Path)
			}
		}
	}
}

// addFile adds a file if the context has it.
func (r *stepCode) addFile(name string) {
	if exists, _ := r.n.ctx.Exists(name); exists {
		r.add(name)
	}
}

// withoutComments is a text without the lines that are nothing but a comment.
func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}
