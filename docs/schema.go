// Package docs holds what of the documentation the program prints.
package docs

import _ "embed" // for Schema

// Schema is the JSON Schema of the JSON reports.
//
//go:embed refit.schema.json
var Schema string
