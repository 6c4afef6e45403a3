package builder

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/opencontainers/go-digest"
)

// Step is one instruction's part of a build.
type Step struct {
	Name     string // as BuildKit names it: "[builder 3/5] RUN pip install …"
	Cached   bool
	Duration time.Duration
}

// logLines is how much of a step's output is kept.
const logLines = 40

// steps gathers what a build's progress tells.
type steps struct {
	order []digest.Digest
	byID  map[digest.Digest]*vertex
	mask  Mask
}

type vertex struct {
	client.Vertex
	log lineTail
}

func newSteps() *steps { return &steps{byID: map[digest.Digest]*vertex{}} }

// follow reads progress to its end and passes it on.
func (s *steps) follow(in <-chan *client.SolveStatus, show *showing) {
	for st := range in {
		s.mask.status(st)
		for _, v := range st.Vertexes {
			s.vertex(v.Digest).Vertex = *v
		}
		for _, l := range st.Logs {
			s.vertex(l.Vertex).log.write(l.Data)
		}
		show.send(st)
	}
	show.end()
}

func (s *steps) vertex(id digest.Digest) *vertex {
	v := s.byID[id]
	if v == nil {
		v = &vertex{}
		s.byID[id] = v
		s.order = append(s.order, id)
	}
	return v
}

// instruction matches the name of a step that an instruction made.
var instruction = regexp.MustCompile(`^\[(?:[^\]]* )?\d+/\d+\] `)

func (s *steps) list() []Step {
	var list []Step
	for _, id := range s.order {
		v := s.byID[id]
		if v.Completed == nil || !instruction.MatchString(v.Name) || strings.Contains(v.Name, "] FROM ") {
			continue
		}
		step := Step{Name: v.Name, Cached: v.Cached}
		if v.Started != nil {
			step.Duration = v.Completed.Sub(*v.Started)
		}
		list = append(list, step)
	}
	return list
}

// failed is the step that ended in an error, and the end of its output.
func (s *steps) failed() (name string, log []string) {
	for _, id := range s.order {
		v := s.byID[id]
		if v.Error == "" || strings.Contains(v.Error, context.Canceled.Error()) {
			continue
		}
		return v.Name, v.log.lines()
	}
	return "", nil
}

// hide is a text without the values that are not to be shown.
func (s *steps) hide(text string) string {
	if s == nil {
		return text
	}
	return s.mask.Text(text)
}

// lineTail keeps the last lines of a text.
type lineTail struct{ text []byte }

func (t *lineTail) write(p []byte) {
	const most = 64 << 10
	t.text = append(t.text, p...)
	if len(t.text) > 2*most {
		t.text = append([]byte(nil), t.text[len(t.text)-most:]...)
	}
}

func (t *lineTail) lines() []string {
	text := strings.TrimRight(string(t.text), "\r\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if at := strings.LastIndexByte(strings.TrimSuffix(line, "\r"), '\r'); at >= 0 { // a progress bar overwrote itself
			line = line[at+1:]
		}
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	return lines[max(0, len(lines)-logLines):]
}

// cause is BuildKit's message without what it says of itself.
func cause(err error) string {
	msg := err.Error()
	for _, lead := range []string{"failed to solve: ", "failed to run Build function: ", "rpc error: code = Unknown desc = "} {
		msg = strings.TrimPrefix(msg, lead)
	}
	return msg
}

// Display is BuildKit's own display of progress. A nil one shows nothing.
type Display struct {
	Out  io.Writer
	Mode progressui.DisplayMode
}

// showing is a display at work; nil for none.
type showing struct {
	in   chan *client.SolveStatus
	done chan struct{}
}

func (d *Display) start(title string) *showing {
	if d == nil {
		return nil
	}
	disp, err := progressui.NewDisplay(d.Out, d.Mode, progressui.WithPhase(title))
	if err != nil { // a display that cannot be had is not worth a build
		return nil
	}
	s := &showing{make(chan *client.SolveStatus), make(chan struct{})}
	go func() {
		defer close(s.done)
		_, _ = disp.UpdateFrom(context.Background(), s.in) // ends with the channel
	}()
	return s
}

func (s *showing) send(st *client.SolveStatus) {
	if s != nil {
		s.in <- st
	}
}

func (s *showing) end() {
	if s != nil {
		close(s.in)
		<-s.done
	}
}

// IsBuildError reports whether an error is the Dockerfile's and not the builder's.
func IsBuildError(err error) bool {
	var e *BuildError
	return errors.As(err, &e)
}
