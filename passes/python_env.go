package passes

import "refit/transform"

// pythonEnv sets the two variables that every Python image wants.
//
// It is sound because PYTHONUNBUFFERED only changes when output appears, and it
// is not set where the file sets it, to whatever value.
var pythonEnv = &transform.Pass{
	Name: "python-env",
	Doc: transform.Doc{
		Title: "set PYTHONUNBUFFERED in the runtime stage",
		Text: "Python buffers what it prints when no terminal is attached, so the last lines before a crash never " +
			"reach the container's log. PYTHONUNBUFFERED=1 writes them at once. A stage that sets it already, or " +
			"that starts from a stage that does, is left alone.",
		Before: "FROM python:3.12-slim-bookworm\nCOPY app.py /app.py\nCMD [\"python\", \"/app.py\"]\n",
		After: "FROM python:3.12-slim-bookworm\nENV PYTHONUNBUFFERED=1\nCOPY app.py /app.py\n" +
			"CMD [\"python\", \"/app.py\"]\n",
		Sources: []string{"Python documentation, command line and environment, PYTHONUNBUFFERED"},
	},
	Alters: []string{"env:PYTHONUNBUFFERED"},
	Declines: []transform.Decline{
		{Key: "set-already", When: "the stage, or one that it starts from, sets PYTHONUNBUFFERED"},
	},
	Run: runPythonEnv,
}

func runPythonEnv(f *transform.File) []transform.Finding {
	s := f.Final()
	if !isPython(s) {
		return nil
	}
	if f.EndState(s).HasEnv("PYTHONUNBUFFERED") {
		return []transform.Finding{{At: s.From.Body, Reason: "set-already", Why: "PYTHONUNBUFFERED is set in this stage"}}
	}
	end := s.From.Body.End
	return []transform.Finding{{
		At:    s.From.Body,
		Why:   "PYTHONUNBUFFERED=1 writes output at once, so that the last lines before a crash reach the log",
		Edits: []transform.Edit{{Span: transform.Span{Start: end, End: end}, New: "\n" + f.Cased("ENV") + " PYTHONUNBUFFERED=1"}},
	}}
}
