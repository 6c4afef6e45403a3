package builds

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// matrixOf gives all names that are not defined the cost of the matrix of a
// definition's block; nil where that has none.
func (c *bakeCost) matrixOf(name string) scope {
	block := name[:strings.LastIndexByte(name, '.')+1]
	if block == "" || name == block+"matrix" || c.defs[block+"matrix"] == nil {
		return nil
	}
	return scope{anyName: c.named(block + "matrix")}
}

// combinations bounds how often a definition is evaluated because of the matrix of
// its block.
func (c *bakeCost) combinations(name string) int {
	n := 1
	for _, e := range c.defs[name[:strings.LastIndexByte(name, '.')]+".matrix"] {
		matrix, ok := e.(*hclsyntax.ObjectConsExpr)
		if !ok {
			return maxMatrix
		}
		for _, item := range matrix.Items {
			list, ok := item.ValueExpr.(*hclsyntax.TupleConsExpr)
			if !ok {
				return maxMatrix
			}
			n *= max(1, min(len(list.Exprs), maxMatrix))
			n = min(n, maxMatrix)
		}
	}
	return n
}

// anyName stands for the names in a scope that are not known.
const anyName = "*"

// body takes in the definitions of a file in HCL.
func (c *bakeCost) body(body *hclsyntax.Body) {
	for name, attr := range body.Attributes {
		c.defs[name] = append(c.defs[name], attr.Expr)
	}
	for _, block := range body.Blocks {
		label := strings.Join(block.Labels, ".")
		switch block.Type {
		case "variable":
			c.block(label, block.Body)
		case "function":
			f := &bakeFunc{}
			for name, attr := range block.Body.Attributes {
				switch name {
				case "params", "variadic_params":
					list, _ := hcl.ExprList(attr.Expr)
					if name == "variadic_params" {
						list = []hcl.Expression{attr.Expr}
					}
					for _, param := range list {
						f.params = append(f.params, hcl.ExprAsKeyword(param))
					}
				default:
					f.result = append(f.result, attr.Expr)
				}
			}
			c.addFunc(label, f)
		default:
			for name, attr := range block.Body.Attributes {
				at := block.Type + "." + label + "." + name
				c.defs[at] = append(c.defs[at], attr.Expr)
			}
			for _, inner := range block.Body.Blocks {
				c.block(block.Type+"."+label+"."+inner.Type, inner.Body)
			}
		}
	}
}

// block takes all that a block says for the value of one name.
func (c *bakeCost) block(name string, body *hclsyntax.Body) {
	if c.defs[name] == nil {
		c.defs[name] = []hclsyntax.Expression{}
	}
	for _, attr := range body.Attributes {
		if attr.Name != "type" { // no expression that is evaluated
			c.defs[name] = append(c.defs[name], attr.Expr)
		}
	}
	for _, inner := range body.Blocks {
		if inner.Type != "validation" { // which may name the variable, and gives no value
			c.block(name, inner.Body)
		} else {
			c.block(name+".validation", inner.Body)
		}
	}
}

// addFunc adds a function; what is declared in two files counts twice.
func (c *bakeCost) addFunc(name string, f *bakeFunc) {
	if o := c.funcs[name]; o != nil {
		f.params, f.result = append(f.params, o.params...), append(f.result, o.result...)
	}
	c.funcs[name] = f
}

// jsonNode is a JSON value with all its keys, also those that stand twice.
type jsonNode struct {
	text string
	keys []string // of an object
	list []*jsonNode
}

func parseJSON(d *json.Decoder, depth int) (*jsonNode, error) {
	if depth > maxDepth {
		return nil, errors.New("it is too deep")
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	n := &jsonNode{}
	switch t := token.(type) {
	case string:
		n.text = t
	case json.Number:
		n.text = t.String()
	case json.Delim:
		for d.More() {
			if t == '{' {
				key, err := d.Token()
				if err != nil {
					return nil, err
				}
				name, _ := key.(string)
				n.keys = append(n.keys, name)
			}
			inner, err := parseJSON(d, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, inner)
		}
		_, err = d.Token()
	}
	return n, err
}

// entries calls f with the members of an object, or of the objects in a list.
func (n *jsonNode) entries(f func(key string, value *jsonNode)) {
	for i, value := range n.list {
		if n.keys != nil {
			f(n.keys[i], value)
		} else {
			value.entries(f)
		}
	}
}

// templates are the expressions that the texts of a JSON value are.
func (n *jsonNode) templates() []hclsyntax.Expression {
	var list []hclsyntax.Expression
	for _, text := range append([]string{n.text}, n.keys...) {
		if e, diags := hclsyntax.ParseTemplate([]byte(text), "", hcl.InitialPos); !diags.HasErrors() {
			list = append(list, e)
		}
	}
	for _, inner := range n.list {
		list = append(list, inner.templates()...)
	}
	return list
}

// json takes in the definitions of a file in JSON.
func (c *bakeCost) json(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	root, err := parseJSON(d, 0)
	if err != nil {
		return err
	}
	add := func(name string, value *jsonNode) { c.defs[name] = append(c.defs[name], value.templates()...) }
	root.entries(func(kind string, value *jsonNode) {
		switch kind {
		case "variable":
			value.entries(func(name string, v *jsonNode) {
				v.entries(func(key string, v *jsonNode) {
					if key == "validation" {
						name += ".validation"
					}
					add(name, v)
				})
			})
		case "function":
			value.entries(func(name string, v *jsonNode) {
				f := &bakeFunc{}
				v.entries(func(key string, v *jsonNode) {
					switch key {
					case "params":
						for _, p := range v.list {
							f.params = append(f.params, p.text)
						}
					case "variadic_params":
						f.params = append(f.params, v.text)
					default:
						f.result = append(f.result, v.templates()...)
					}
				})
				c.addFunc(name, f)
			})
		case "target", "group":
			value.entries(func(name string, v *jsonNode) {
				v.entries(func(key string, v *jsonNode) { add(kind+"."+name+"."+key, v) })
			})
		default:
			add(kind, value)
		}
	})
	return nil
}
