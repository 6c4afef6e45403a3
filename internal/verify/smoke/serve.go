package smoke

import (
	"context"
	_ "embed" // the program that asks
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"refit/internal/verify/builder"
)

// Server is what the image's command did when it was started.
type Server struct {
	Trouble string        // why it could not be tried; "" when it was
	Ports   []Port        // by number
	Ended   *Ending       // of the command, when it ended before all ports had answered
	Log     []string      // the end of what the command printed
	Within  time.Duration // how long it was waited for
}

// Port is an exposed port.
type Port struct {
	Number  int
	Answers []Answer // to two requests, and to two of a second start when the first ones were alike
}

// Answer is what came of a request for /.
type Answer struct {
	Accepts   bool   // a connection
	Status    int    // 0 when no answer came in HTTP
	Location  string // of a redirection; it is not followed
	Length    int64  // of the body; at most 1 MB is read
	SHA256    string
	Digitless string // SHA-256 of the body with a 0 for each number
	First     string // the start of the body
	Cut       string // why the body was not read to its end
	Trouble   string // why there is no answer
}

// The limits of asking a server.
const (
	maxPorts  = 64               // of those exposed, the first
	stopGrace = 10 * time.Second // from SIGTERM to SIGKILL, as container engines have it
)

// serve starts the image's command and asks the ports that it exposes.
func (r *runner) serve(ctx context.Context, f *Findings) error {
	s := &Server{Within: r.plan.Timeout}
	f.Server = s
	ports, err := r.reachable(ctx, s)
	if err != nil || s.Trouble != "" {
		return err
	}
	answers, err := r.start(ctx, ports, s, f)
	if err != nil {
		return err
	}
	for _, p := range ports {
		s.Ports = append(s.Ports, Port{p, answers[p]})
	}
	if !slices.ContainsFunc(s.Ports, func(p Port) bool { return p.http() && p.stable() }) {
		return nil
	}
	again, err := r.start(ctx, ports, &Server{Within: s.Within}, nil)
	for i, p := range ports {
		s.Ports[i].Answers = append(s.Ports[i].Answers, again[p]...)
	}
	return err
}

// reachable is the ports to ask; there is none when s tells of trouble.
func (r *runner) reachable(ctx context.Context, s *Server) ([]int, error) {
	ports := r.ports()
	switch {
	case len(r.command()) == 0:
		s.Trouble = noCommand
	case len(ports) == 0:
		s.Trouble = noPort
	case r.plan.Python == "":
		s.Trouble = noPython + " to ask the ports with"
	}
	if s.Trouble != "" || !r.plan.Online {
		return ports, nil
	}
	// On the builder's network another process may hold a port.
	cmd, err := r.probe(ports, 0)
	if err != nil {
		return nil, err
	}
	_, out, err := r.once(ctx, cmd, 30*time.Second)
	if err != nil {
		return nil, err
	}
	for _, v := range values[reply](out) {
		if v.Accepts {
			s.Trouble = fmt.Sprintf("port %d is taken on the builder's network", v.Port)
		}
	}
	return ports, nil
}

// ports are the exposed TCP ports, or without any the one that the variable PORT
// of the image gives to a command that refers to it.
func (r *runner) ports() []int {
	var list []int
	for spec := range r.result.Config.Config.ExposedPorts {
		number, proto, _ := strings.Cut(spec, "/")
		if n, err := strconv.Atoi(number); err == nil && (proto == "" || proto == "tcp") {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		text := strings.Join(r.command(), " ")
		value, _ := r.variable("PORT")
		if n, err := strconv.Atoi(value); err == nil && (strings.Contains(text, "$PORT") || strings.Contains(text, "${PORT")) {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list[:min(len(list), maxPorts)]
}

//go:embed probe.py
var probeProgram string

// reply is a line of the probe.
type reply struct {
	Port int
	Answer
}

func (r *runner) probe(ports []int, patience time.Duration) (builder.Command, error) {
	return r.program(probeProgram, map[string]any{"ports": ports, "seconds": patience.Seconds()})
}

// start starts the command, asks the ports and ends the command. With f, the
// health check is run and the command's end is timed.
func (r *runner) start(ctx context.Context, ports []int, s *Server, f *Findings) (map[int][]Answer, error) {
	c, err := r.result.Container(ctx, r.plan.Online)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Release() }() // says again how the command ended
	server, err := c.Start(ctx, builder.Command{Args: r.command(), Env: r.environment()})
	if err != nil {
		s.Ended, _, err = failed(ctx, err)
		return nil, err
	}
	defer func() {
		s.Log = tail(server.Output().Text())
		if s.Ended != nil && s.Log == nil {
			s.Log = s.Ended.Log // why it could not be started
		}
	}()
	answers, err := r.ask(ctx, c, server, ports, s)
	if err != nil || s.Ended != nil || f == nil || len(answers) == 0 {
		return answers, err
	}
	f.Health, err = r.health(ctx, c)
	if err != nil || f.Health != nil && (f.Health.Trouble != "" || f.Health.Code < 0) {
		return answers, err // the command may have ended with what ran beside it
	}
	took, killed, err := server.Stop(ctx, stopGrace)
	if err == nil && !killed {
		f.Stop = &took
	}
	return answers, err
}

// ask runs the probe beside the command.
func (r *runner) ask(ctx context.Context, c *builder.Container, server *builder.Process, ports []int, s *Server) (map[int][]Answer, error) {
	cmd, err := r.probe(ports, r.plan.Timeout)
	if err != nil {
		return nil, err
	}
	probe, err := c.Start(ctx, cmd)
	if err != nil && lost(ctx, err) != nil {
		return nil, lost(ctx, err)
	}
	answers := map[int][]Answer{}
	var end *Ending
	if probe != nil {
		var out *builder.Output
		end, out, err = wait(ctx, probe, r.plan.Timeout+time.Minute)
		if err != nil {
			return nil, err
		}
		for _, v := range values[reply](out) {
			answers[v.Port] = append(answers[v.Port], v.Answer)
		}
	}
	if end != nil && end.ok() {
		return answers, nil
	}
	// Either the command ended, and the probe with it, or the other way round.
	s.Ended, _, err = wait(ctx, server, 5*time.Second)
	if err != nil {
		return nil, err
	}
	killed := s.Ended.TimedOut || s.Ended.Code < 0 || s.Ended.Code == killedCode
	if own := end != nil && (end.TimedOut || end.Code > 0 && end.Code != killedCode); own && killed {
		s.Ended = nil
		s.Trouble = "the ports could not be asked: " + lastLine(end.Log, "the probe "+end.String())
	}
	return answers, nil
}

// killedCode is the exit status of a process that was killed.
const killedCode = 128 + 9

// http reports whether the port has answered in HTTP.
func (p *Port) http() bool { return len(p.Answers) > 0 && p.Answers[0].Status != 0 }

// accepts reports whether the port has taken a connection.
func (p *Port) accepts() bool {
	return slices.ContainsFunc(p.Answers, func(a Answer) bool { return a.Accepts })
}

// stable reports whether all answers were the same.
func (p *Port) stable() bool {
	for _, a := range p.Answers {
		if first := p.Answers[0]; a.Cut != "" || a.Status != first.Status || a.SHA256 != first.SHA256 {
			return false
		}
	}
	return len(p.Answers) > 1
}
