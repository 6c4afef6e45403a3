package transform

import "strings"

// Word is a run of bytes without blanks in an instruction's first logical line,
// as written: quotes and escapes stay in it. A word that a continuation cuts in
// two has the bytes of the continuation in its span and not in its text.
type Word struct {
	Span Span
	Text string
}

type wordsKey struct{}

// Words splits an instruction's logical line at blanks: the keyword first, then
// flags and arguments. Continuations, comment lines and blank lines inside are
// skipped; heredoc bodies are not part of it.
func (f *File) Words(in *Instruction) []Word {
	rel := in.Memo(wordsKey{}, func() any {
		return splitWords(f.Text(in.Body), byte(f.Escape))
	}).([]Word)
	words := make([]Word, len(rel))
	for i, w := range rel {
		words[i] = Word{Span{w.Span.Start + in.Body.Start, w.Span.End + in.Body.Start}, w.Text}
	}
	return words
}

// splitWords works line by line, as BuildKit does: the escape character that
// ends a line joins it to the next one that is neither blank nor a comment.
func splitWords(body string, escape byte) []Word {
	var words []Word
	open := false // the last word may go on in the next line
	for at := 0; at < len(body); {
		end := at + strings.IndexByte(body[at:], '\n') + 1
		if end == at {
			end = len(body)
		}
		line := strings.TrimRight(body[at:end], "\r\n")
		trimmed := strings.TrimLeft(line, " \t\v\f\r")
		if at > 0 && (trimmed == "" || trimmed[0] == '#') {
			at = end
			continue
		}
		text, more := cutContinuation(line, escape)
		words, open = appendWords(words, open, text, at)
		if !more {
			break
		}
		at = end
	}
	return words
}

// cutContinuation takes the escape character off that ends a line, unless
// another one stands before it.
func cutContinuation(line string, escape byte) (string, bool) {
	t := strings.TrimRight(line, " \t")
	if n := len(t); n > 0 && t[n-1] == escape && (n == 1 || t[n-2] != escape) {
		return t[:n-1], true
	}
	return line, false
}

// appendWords adds the words of one physical line that starts at offset at. It
// reports whether the last one touches the line's end.
func appendWords(words []Word, open bool, text string, at int) ([]Word, bool) {
	for i := 0; i < len(text); {
		if isBlank(text[i]) {
			i++
			continue
		}
		j := i
		for j < len(text) && !isBlank(text[j]) {
			j++
		}
		if i == 0 && open {
			last := &words[len(words)-1]
			last.Text += text[:j]
			last.Span.End = at + j
		} else {
			words = append(words, Word{Span{at + i, at + j}, text[i:j]})
		}
		i = j
	}
	touches := len(text) > 0 && !isBlank(text[len(text)-1])
	return words, touches || open && text == ""
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r' }
