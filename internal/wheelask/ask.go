package wheelask

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"refit/internal/verify/builder"
	"refit/internal/wheel"
)

//go:embed ask.py
var script string

// Want is a distribution that is asked for.
type Want struct{ Name, Spec string } // Spec is "==1.0", or what a requirement says

// Answer is what pip said of a want for a target.
type Answer struct {
	File  string   `json:"file,omitempty"`  // the wheel that it takes
	Files []string `json:"files,omitempty"` // the files of the release where it takes none
	Error string   `json:"error,omitempty"` // why it could not tell
	// Closure is the answer to Question.Resolve.
	Closure [][2]string `json:"closure,omitempty"`
}

// Asker asks pip.
type Asker struct {
	Pool    func(context.Context) (*builder.Pool, error) // called when the cache does not know everything
	Place   *Place
	Context string // the build context's directory; "" for none
	Ignore  string // the content of the Dockerfile's own ignore file
	Args    map[string]string
	Secrets []builder.Secret
	Cache   *Cache // nil for none
	Show    *builder.Display
}

// Question is what is asked at once.
type Question struct {
	Wants   []Want
	Targets []wheel.Target
	// Resolve are requirements whose whole closure is asked for, as the place's image
	// would install it.
	Resolve, Constraints []string
}

// Reply is what came back.
type Reply struct {
	Pip     string // its version; "" where the cache knew everything
	Answers map[wheel.Target]map[Want]Answer
	// Resolved is the closure that was asked for, nil where there was none or it
	// could not be found; then Unresolved says why.
	Resolved   []Want
	Unresolved string
}

// ErrNoPip says that the image of the place has no pip.
var ErrNoPip = errors.New("the image has no pip")

// Ask asks what the cache does not know. The error is the build's, or ErrNoPip.
func (a *Asker) Ask(ctx context.Context, q *Question) (*Reply, error) {
	reply := &Reply{Answers: map[wheel.Target]map[Want]Answer{}}
	asked := *q
	q = &asked
	if closure, ok := a.Cache.get(a.closureKey(q)); ok && len(q.Resolve) > 0 {
		q.Wants, q.Resolve = slices.Clone(q.Wants), nil
		for _, pair := range closure.Closure {
			w := Want{pair[0], pair[1]}
			reply.Resolved = append(reply.Resolved, w)
			if !slices.Contains(q.Wants, w) {
				q.Wants = append(q.Wants, w)
			}
		}
	}
	missing := len(q.Resolve) > 0
	for _, t := range q.Targets {
		reply.Answers[t] = map[Want]Answer{}
		for _, w := range q.Wants {
			if answer, ok := a.Cache.get(a.key(t, w)); ok {
				reply.Answers[t][w] = answer
			} else {
				missing = true
			}
		}
	}
	if !missing {
		return reply, nil
	}
	raw, err := a.build(ctx, a.encode(q, reply))
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(raw.Error, "no pip") {
		return nil, ErrNoPip
	}
	a.take(q, raw, reply)
	return reply, nil
}

// rawReply is what the script writes.
type rawReply struct {
	Pip        string                       `json:"pip"`
	Error      string                       `json:"error"`
	Unresolved string                       `json:"unresolved"`
	Targets    map[string]map[string]Answer `json:"targets"` // by id and the want's text
	Resolved   [][2]string                  `json:"resolved"`
}

// take reads the script's answers, and remembers them.
func (a *Asker) take(q *Question, raw *rawReply, reply *Reply) {
	reply.Pip, reply.Unresolved = raw.Pip, raw.Unresolved
	wants := map[string]Want{}
	for _, w := range q.Wants {
		wants[w.Name+w.Spec] = w
	}
	if len(raw.Resolved) > 0 {
		a.Cache.put(a.closureKey(q), Answer{Closure: raw.Resolved}, false)
	}
	for _, pair := range raw.Resolved {
		w := Want{pair[0], pair[1]}
		reply.Resolved = append(reply.Resolved, w)
		wants[w.Name+w.Spec] = w
	}
	for _, t := range q.Targets {
		for text, answer := range raw.Targets[id(t)] {
			w, ok := wants[text]
			if !ok {
				continue
			}
			reply.Answers[t][w] = answer
			a.Cache.put(a.key(t, w), answer, strings.HasPrefix(w.Spec, "=="))
		}
	}
}

// id names a target, to the patch release of its Python.
func id(t wheel.Target) string { return t.String() + ", " + t.FullPython() }

// key is what an answer depends on.
func (a *Asker) key(t wheel.Target, w Want) string {
	return strings.Join([]string{w.Name, w.Spec, id(t), a.Place.Text, strings.Join(a.Place.Flags, " "), strings.Join(a.Place.Options, " "), fmt.Sprint(a.Args)}, "\x00")
}

// closureKey is what the closure of requirements depends on.
func (a *Asker) closureKey(q *Question) string {
	return a.key(wheel.Target{}, Want{strings.Join(q.Resolve, "\n"), strings.Join(q.Constraints, "\n")})
}

// encode writes the question for the script.
func (a *Asker) encode(q *Question, known *Reply) string {
	type target struct {
		ID        string   `json:"id"`
		Python    string   `json:"python"`
		Platforms []string `json:"platforms"`
		Known     []string `json:"known"`
	}
	doc := struct {
		Options     []string    `json:"options"`
		Resolve     []string    `json:"resolve"`
		Constraints []string    `json:"constraints"`
		Wants       [][2]string `json:"wants"`
		Targets     []target    `json:"targets"`
		When        time.Time   `json:"when"` // so that no earlier build's step is taken for this one
	}{append([]string{}, a.Place.Options...), append([]string{}, q.Resolve...), append([]string{}, q.Constraints...), [][2]string{}, nil, time.Now()}
	for _, w := range q.Wants {
		doc.Wants = append(doc.Wants, [2]string{w.Name, w.Spec})
	}
	for _, t := range q.Targets {
		one := target{id(t), t.Assumed(), t.Platforms(), []string{}}
		for w := range known.Answers[t] {
			one.Known = append(one.Known, w.Name+w.Spec)
		}
		doc.Targets = append(doc.Targets, one)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err) // strings alone
	}
	return base64.StdEncoding.EncodeToString(text)
}

// reading prints what the script wrote: packed, because what a
// process prints is kept to a limit.
const reading = `import base64,sys,zlib;sys.stdout.write(base64.b64encode(zlib.compress(open("/tmp/refit-wheels.json","rb").read(),9)).decode())`

// build builds up to the step that asks, and reads what it wrote.
func (a *Asker) build(ctx context.Context, question string) (*rawReply, error) {
	req := &builder.Request{
		Source: builder.Source{
			Context: a.Context, Name: "Dockerfile", Ignore: a.Ignore,
			Text: a.Place.step(base64.StdEncoding.EncodeToString([]byte(script)), question),
		},
		Args: a.Args, Secrets: a.Secrets, Title: "asking pip", Show: a.Show,
	}
	pool, err := a.Pool(ctx)
	if err != nil {
		return nil, err
	}
	var raw rawReply
	err = pool.Use(ctx, func(b *builder.Builder) error {
		_, err := b.Build(ctx, req, func(ctx context.Context, r *builder.Result) error {
			c, err := r.Container(ctx, false)
			if err != nil {
				return err
			}
			defer c.Release()
			out, err := c.Run(ctx, builder.Command{Args: []string{"python3", "-c", reading}})
			if err != nil {
				return err
			}
			return unpack(out, &raw)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking pip: %w", err)
	}
	return &raw, nil
}
