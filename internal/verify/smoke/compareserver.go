package smoke

import (
	"fmt"
	"slices"
)

// portVerdicts from the least to the greatest weight: a port that answers as
// before outweighs one that never did.
var portVerdicts = []string{Unknown, Pass, Fail}

func compareServers(before, after *Server) Check {
	c := Check{Name: checkHTTP, Verdict: Unknown}
	switch {
	case before.Trouble != "":
		c.Detail = before.Trouble
		return c
	case after.Trouble != "":
		c.Detail = "in the new image, " + after.Trouble
		return c
	}
	says := map[string][]string{}
	for i := range before.Ports {
		verdict, say := comparePort(before, after, &before.Ports[i], after.port(before.Ports[i].Number))
		says[verdict] = append(says[verdict], say)
		if slices.Index(portVerdicts, verdict) > slices.Index(portVerdicts, c.Verdict) {
			c.Verdict = verdict
		}
	}
	c.Detail = list(says[c.Verdict])
	switch c.Verdict {
	case Pass:
		if silent := says[Unknown]; silent != nil {
			c.Detail += "; " + list(silent)
		}
	case Fail:
		c.Log = after.Log
	case Unknown:
		c.Log = before.Log
	}
	return c
}

// port finds a port; one that was not asked has no answers.
func (s *Server) port(number int) *Port {
	for i := range s.Ports {
		if s.Ports[i].Number == number {
			return &s.Ports[i]
		}
	}
	return &Port{Number: number}
}

// comparePort judges one port.
func comparePort(before, after *Server, old, now *Port) (verdict, say string) {
	n := old.Number
	switch {
	case !old.accepts():
		return compareSilent(before, after, n)
	case !now.accepts():
		return Fail, fmt.Sprintf("port %d does not answer: %s; in the original it does", n, after.silence())
	case !old.http() && !now.http():
		return Pass, fmt.Sprintf("port %d accepts connections", n)
	case !old.http():
		return Pass, fmt.Sprintf("port %d answers with status %d; in the original it accepts connections", n, now.Answers[0].Status)
	case !now.http():
		return Fail, fmt.Sprintf("port %d accepts connections but answers nothing in HTTP (%s); in the original it answers with status %d",
			n, now.Answers[0].Trouble, old.Answers[0].Status)
	}
	return compareAnswers(old, now)
}

// compareSilent judges a port that does not answer in the original. The new
// image may still be the one that lacks something.
func compareSilent(before, after *Server, n int) (verdict, say string) {
	if lines := missingLines(before.Log, after.Log); lines != nil {
		return Fail, fmt.Sprintf("port %d answers in neither image, in the new one because: %s", n, lines[len(lines)-1])
	}
	if before.Ended == nil && after.Ended != nil && !after.Ended.ok() {
		return Fail, fmt.Sprintf("port %d answers in neither image, but the original's command goes on: %s", n, after.silence())
	}
	return Unknown, fmt.Sprintf("port %d does not answer in the original: %s", n, before.silence())
}

// silence says why nothing answers.
func (s *Server) silence() string {
	if s.Ended != nil {
		return "the command " + s.Ended.String()
	}
	return fmt.Sprintf("nothing came within %s", s.Within)
}

// compareAnswers judges what came in HTTP.
func compareAnswers(old, now *Port) (verdict, say string) {
	n, was, is := old.Number, old.Answers[0], now.Answers[0]
	status := fmt.Sprintf("port %d answers with status %d", n, is.Status)
	if was.Status != is.Status {
		if slices.ContainsFunc(old.Answers, func(a Answer) bool { return a.Status == is.Status }) {
			return Unknown, fmt.Sprintf("port %d answers with one status and with another in the original", n)
		}
		return Fail, fmt.Sprintf("%s; in the original with %d", status, was.Status)
	}
	switch {
	case is.Status >= 500:
		return Pass, status + ", as in the original"
	case was.Location != is.Location && old.stable():
		return Fail, fmt.Sprintf("%s and leads to %q; in the original to %q", status, is.Location, was.Location)
	case was.SHA256 == is.SHA256:
		return Pass, status + " and the same body"
	case !old.stable():
		return Pass, status + "; the body changes from one request to the next in the original too"
	case was.Digitless == is.Digitless:
		return Unknown, status + "; the body differs from the original's in numbers"
	}
	if is.First == was.First {
		return Fail, fmt.Sprintf("%s, but the body differs after %q", status, excerpt(is.First, 0))
	}
	at := firstDifference(is.First, was.First)
	return Fail, fmt.Sprintf("%s, but the body differs: %q, in the original %q", status, excerpt(is.First, at), excerpt(was.First, at))
}

// firstDifference is how many characters two texts have in common at their start.
func firstDifference(a, b string) int {
	x, y := []rune(a), []rune(b)
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	return n
}

// excerpt is what a sentence takes of a body, around a character of it.
func excerpt(body string, at int) string {
	const most, lead = 80, 30
	r := []rune(body)
	from := 0
	if at > most-lead {
		from = at - lead
	}
	text := string(r[from:min(len(r), from+most)])
	if from > 0 {
		text = "…" + text
	}
	if from+most < len(r) {
		text += "…"
	}
	return text
}
