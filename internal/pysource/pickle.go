package pysource

import "refit/internal/lazyregexp"

// unpicklers are modules and functions that import whatever the data that they read names.
var unpicklers = map[string]bool{
	"pickle": true, "cPickle": true, "_pickle": true, "dill": true, "cloudpickle": true, "joblib": true, "shelve": true,
	"jsonpickle": true, "read_pickle": true, "allow_pickle": true, "mlflow": true, "skops": true,
}

// pickling is what some of these have that reads no data, or none but what the program itself has just made.
var pickling = map[string]map[string]bool{"pickle": writes, "cPickle": writes, "joblib": computes}

var writes = map[string]bool{
	"dump": true, "dumps": true, "Pickler": true, "PickleError": true, "PicklingError": true, "UnpicklingError": true,
	"HIGHEST_PROTOCOL": true, "DEFAULT_PROTOCOL": true,
}

var computes = map[string]bool{
	"Parallel": true, "delayed": true, "dump": true, "cpu_count": true, "hash": true, "parallel_backend": true, "parallel_config": true,
}

var (
	attributeRE = lazyregexp.New(`^(\w+)[ \t]*\.[ \t]*(\w+)`)
	// copyRE is how an object is copied, or tried for whether it can be.
	copyRE = lazyregexp.New(`^(pickle|cPickle)\.loads\([ \t]*(pickle|cPickle)\.dumps\(`)
)

// onlyPickles reports a use of an unpickler's name, at t, that unpickles nothing from elsewhere.
func (r *reader) onlyPickles(t token) bool {
	rest := r.src[t.at:]
	m := attributeRE.FindStringSubmatch(rest)
	return m != nil && pickling[m[1]][m[2]] || copyRE.MatchString(rest)
}

// unpickles notes, once, that data says what is imported.
func (r *reader) unpickles(t token) {
	if !r.unpickled[t.text] {
		r.unpickled[t.text] = true
		r.out.Computed = append(r.out.Computed, r.place(t.text, t.at))
	}
}
