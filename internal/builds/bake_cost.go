package builds

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"refit/internal/lazyregexp"
)

// A bake file is a program that may take all time and memory there is, and who runs
// out of memory cannot recover. So before one is evaluated, an upper bound of the
// values' sizes, and of the steps that they take, is worked out.
const (
	maxBake  = 128 << 10 // bytes of a file: what the parser's recursion can bear
	maxCost  = 1 << 22   // bytes and steps
	maxDepth = 256       // of expressions and calls
)

// bakeCost is what is known of the definitions in bake files.
type bakeCost struct {
	defs  map[string][]hclsyntax.Expression // by "variable", or "block.label.attribute"
	funcs map[string]*bakeFunc
	env   func(string) (string, bool)
	known map[string]int // of defs; -1 while it is worked out
	steps int
	depth int
	err   error
}

type bakeFunc struct {
	params []string
	result []hclsyntax.Expression
}

// scope has the costs of names that hold in a part of an expression.
type scope map[string]int

func newBakeCost(env func(string) (string, bool)) *bakeCost {
	return &bakeCost{defs: map[string][]hclsyntax.Expression{}, funcs: map[string]*bakeFunc{}, env: env, known: map[string]int{}}
}

func (c *bakeCost) fail(format string, args ...any) int {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
	return maxCost
}

// check is an error where evaluation may cost too much.
func (c *bakeCost) check() error {
	total := 0
	for _, name := range slices.Sorted(maps.Keys(c.defs)) {
		cost := c.named(name)
		if c.err != nil {
			return c.err
		}
		if total += cost; total > maxCost {
			return errors.New("its values may be too large")
		}
	}
	return nil
}

// named is the cost of a definition.
func (c *bakeCost) named(name string) int {
	cost, ok := c.known[name]
	switch {
	case ok && cost < 0:
		return c.fail("reference cycle not allowed for %s", name)
	case ok:
		return cost
	}
	c.known[name] = -1
	matrix := c.matrixOf(name)
	cost = c.sum(c.defs[name], matrix)
	for _, variable := range []string{name, name + "_JSON"} {
		if value, ok := c.env(variable); ok {
			cost = c.bounded(cost + len(value))
		}
	}
	if matrix != nil {
		cost = c.times(cost, c.combinations(name))
	}
	c.known[name] = cost
	return cost
}

func (c *bakeCost) bounded(cost int) int {
	if cost > maxCost {
		return c.fail("its values may be too large")
	}
	return cost
}

func (c *bakeCost) times(a, b int) int {
	if b > 0 && a > maxCost/b {
		return c.fail("its values may be too large")
	}
	return a * b
}

func (c *bakeCost) sum(list []hclsyntax.Expression, in scope) int {
	cost := 1
	for _, e := range list {
		if e != nil {
			cost = c.bounded(cost + c.expr(e, in))
		}
	}
	return cost
}

// expr is the cost of an expression.
func (c *bakeCost) expr(e hclsyntax.Expression, in scope) int {
	c.steps++
	c.depth++
	defer func() { c.depth-- }()
	if c.err != nil || c.steps > maxCost || c.depth > maxDepth {
		return c.fail("its expressions are too deep, or too many")
	}
	all := func(list ...hclsyntax.Expression) int { return c.sum(list, in) }
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return literalCost(e.Val)
	case *hclsyntax.ScopeTraversalExpr:
		return c.reference(e.Traversal, in)
	case *hclsyntax.FunctionCallExpr:
		return c.call(e, in)
	case *hclsyntax.ForExpr:
		source := c.expr(e.CollExpr, in)
		inner := maps.Clone(in)
		if inner == nil {
			inner = scope{}
		}
		inner[e.KeyVar], inner[e.ValVar] = source, source
		return c.bounded(source + c.times(source, c.sum(presentOf(e.KeyExpr, e.ValExpr, e.CondExpr), inner)))
	case *hclsyntax.SplatExpr:
		source := c.expr(e.Source, in)
		return c.bounded(source + c.times(source, c.expr(e.Each, in)))
	case *hclsyntax.ParenthesesExpr:
		return all(e.Expression)
	case *hclsyntax.ConditionalExpr:
		return all(e.Condition, e.TrueResult, e.FalseResult)
	case *hclsyntax.IndexExpr:
		return all(e.Collection, e.Key)
	case *hclsyntax.TupleConsExpr:
		return all(e.Exprs...)
	case *hclsyntax.ObjectConsExpr:
		cost := 1
		for _, item := range e.Items {
			cost = c.bounded(cost + all(item.KeyExpr, item.ValueExpr))
		}
		return cost
	case *hclsyntax.ObjectConsKeyExpr:
		if word := hcl.ExprAsKeyword(e.Wrapped); word != "" && !e.ForceNonLiteral {
			return len(word)
		}
		return all(e.Wrapped)
	case *hclsyntax.TemplateExpr:
		return all(e.Parts...)
	case *hclsyntax.TemplateJoinExpr:
		return all(e.Tuple)
	case *hclsyntax.TemplateWrapExpr:
		return all(e.Wrapped)
	case *hclsyntax.BinaryOpExpr:
		return all(e.LHS, e.RHS)
	case *hclsyntax.UnaryOpExpr:
		return all(e.Val)
	case *hclsyntax.RelativeTraversalExpr:
		return all(e.Source)
	case *hclsyntax.AnonSymbolExpr, *hclsyntax.ExprSyntaxError:
		return 1
	}
	return c.fail("an expression is not understood")
}

// presentOf are those of the expressions that are there.
func presentOf(list ...hclsyntax.Expression) []hclsyntax.Expression {
	return slices.DeleteFunc(list, func(e hclsyntax.Expression) bool { return e == nil })
}

// literalCost is the length of a literal, as text.
func literalCost(value cty.Value) int {
	switch {
	case value.IsNull() || !value.IsKnown():
		return 1
	case value.Type() == cty.String:
		return 1 + len(value.AsString())
	case value.Type() == cty.Number:
		return numberCost(value.AsBigFloat())
	}
	return 8
}

func numberCost(n *big.Float) int {
	exponent := n.MantExp(nil)
	if exponent < 0 {
		exponent = -exponent
	}
	if n.IsInt() {
		return 8 + exponent/3
	}
	return 160 + exponent // the digits of 512 bits
}

// reference is the cost of what a name stands for.
func (c *bakeCost) reference(t hcl.Traversal, in scope) int {
	root := t.RootName()
	if cost, ok := in[root]; ok {
		return cost
	}
	if root != "target" && root != "group" {
		if _, ok := c.defs[root]; !ok {
			value, _ := c.env(root)
			return c.bounded(16 + len(value) + in[anyName]) // of a matrix, bake's own, or an error
		}
		return c.bounded(c.named(root) + in[anyName])
	}
	var parts [2]string
	for i := range parts {
		if i+1 < len(t) {
			if attr, ok := t[i+1].(hcl.TraverseAttr); ok {
				parts[i] = attr.Name
			}
		}
	}
	if name := root + "." + parts[0] + "." + parts[1]; c.defs[name] != nil {
		return c.named(name)
	}
	return c.fail("what %s.%s.%s is cannot be told", root, parts[0], parts[1])
}

// summed are functions whose results are no longer than their arguments together,
// or short; multiplied ones have results no longer than the product of theirs.
var (
	summed = []string{"absolute", "add", "and", "basename", "can", "ceil", "chomp", "chunklist", "coalesce", "coalescelist", "compact", "concat",
		"contains", "convert", "dirname", "distinct", "divide", "element", "equal", "flatten", "floor", "greaterthan", "greaterthanorequalto",
		"hasindex", "index", "indexof", "int", "jsondecode", "keys", "length", "lessthan", "lessthanorequalto", "lookup", "lower", "max", "merge", "min",
		"modulo", "multiply", "negate", "not", "notequal", "or", "regex", "reverse", "reverselist", "sanitize", "semvercmp",
		"sethaselement", "setintersection", "setsubtract", "setsymmetricdifference", "setunion", "signum", "slice", "sort", "split", "strlen", "substr",
		"subtract", "title", "trim", "trimprefix", "trimspace", "trimsuffix", "try", "upper", "values"}
	multiplied = []string{"format", "formatlist", "join", "regex_replace", "regexall", "replace", "setproduct"}
	stretched  = map[string]int{"base64encode": 2, "base64decode": 1, "jsonencode": 8, "urlencode": 3}
	short      = []string{"formatdate", "formattimestamp", "homedir", "md5", "sha1", "sha256", "sha512", "timeadd", "timestamp", "unixtimestampparse", "uuidv4", "uuidv5"}
)

var (
	argumentIndex = lazyregexp.New(`%\[\d+\]`)
	formatWidth   = lazyregexp.New(`%[-+ #0]*[0-9.*]`)
)

// call is the cost of a call of a function.
func (c *bakeCost) call(e *hclsyntax.FunctionCallExpr, in scope) int {
	cost, product := c.sum(e.Args, in), 1
	if f := c.funcs[e.Name]; f != nil {
		inner := scope{}
		for _, p := range f.params {
			inner[p] = cost
		}
		return c.bounded(cost + c.sum(f.result, inner))
	}
	switch {
	case slices.Contains(summed, e.Name):
		return cost
	case slices.Contains(short, e.Name):
		return c.bounded(cost + 256)
	case e.Name == "format" && plainFormat(e.Args, false): // each argument is taken once
		return c.times(cost, stretched["jsonencode"])
	case stretched[e.Name] > 0:
		return c.times(cost, stretched[e.Name])
	case !slices.Contains(multiplied, e.Name) || e.Name[0] == 'f' && !plainFormat(e.Args, true):
		return c.fail("what it costs to call %s cannot be told", e.Name)
	}
	for _, arg := range e.Args {
		product = c.times(product, 1+c.expr(arg, in))
	}
	return product
}

// plainFormat reports a call of format that is given its format as a literal,
// without a width, and, unless that is allowed, without taking an argument by its
// number.
func plainFormat(args []hclsyntax.Expression, numbers bool) bool {
	if len(args) == 0 {
		return true // an error
	}
	value, diags := args[0].Value(nil)
	if diags.HasErrors() || !value.IsKnown() || value.IsNull() || value.Type() != cty.String {
		return false
	}
	plain := argumentIndex.ReplaceAllString(value.AsString(), "%")
	return (numbers || plain == value.AsString()) && !formatWidth.MatchString(plain)
}
