package buildctx

// Kind names what a recognised thing is.
type Kind string

const (
	VCS         Kind = "vcs"
	PythonCache Kind = "python-cache"
	Venv        Kind = "venv"
	NodeModules Kind = "node-modules"
)
