package scan

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// grypeMatch is a vulnerability of a package. Those that the user's own rules
// ignore are in another list.
type grypeMatch struct {
	Vulnerability struct {
		ID       string `json:"id"`
		Severity string `json:"severity"`
	} `json:"vulnerability"`
	Artifact struct {
		Name string `json:"name"`
	} `json:"artifact"`
}

func (f findings) grype(matches []grypeMatch) {
	for _, m := range matches {
		f.add(m.Vulnerability.ID, m.Artifact.Name, m.Vulnerability.Severity)
	}
}

// trivyResult is what was found at one target, by what was looked for.
type trivyResult struct {
	Target            string
	Vulnerabilities   []trivyFinding
	Misconfigurations []trivyFinding
	Secrets           []trivyFinding
	Licenses          []trivyFinding
}

type trivyFinding struct {
	VulnerabilityID string // of a vulnerability
	ID              string // of a misconfiguration
	RuleID          string // of a secret
	Name            string // of a licence
	PkgName         string
	FilePath        string
	Severity        string
	Status          string // PASS for a misconfiguration that is none
}

func (f findings) trivy(results []trivyResult) {
	for _, r := range results {
		for _, v := range r.Vulnerabilities {
			f.add(v.VulnerabilityID, v.PkgName, v.Severity)
		}
		for _, m := range r.Misconfigurations {
			if m.Status != "PASS" {
				f.add(m.ID, r.Target, m.Severity)
			}
		}
		for _, s := range r.Secrets {
			f.add(s.RuleID, r.Target, s.Severity)
		}
		for _, l := range r.Licenses {
			f.add(l.Name, l.PkgName+l.FilePath, l.Severity)
		}
	}
}

// cyclonedxPart is a component, which vulnerabilities refer to.
type cyclonedxPart struct {
	Ref  string `json:"bom-ref"`
	Name string `json:"name"`
}

type cyclonedxFinding struct {
	ID      string `json:"id"`
	Ratings []struct {
		Severity string `json:"severity"`
	} `json:"ratings"`
	Affects []struct {
		Ref string `json:"ref"`
	} `json:"affects"`
}

func names(parts []cyclonedxPart, name map[string]string) {
	for _, p := range parts {
		name[p.Ref] = p.Name
	}
}

// cyclonedx counts a vulnerability with the worst of its ratings, which come
// from several sources without saying which one holds.
func (f findings) cyclonedx(name map[string]string, all []cyclonedxFinding) {
	for _, v := range all {
		worst := unknown
		for _, r := range v.Ratings {
			if s := severity(r.Severity); worse(s, worst) < 0 {
				worst = s
			}
		}
		if len(v.Affects) == 0 {
			f.add(v.ID, "", worst)
		}
		for _, a := range v.Affects {
			pkg := a.Ref
			if n := name[a.Ref]; n != "" {
				pkg = n
			}
			f.add(v.ID, pkg, worst)
		}
	}
}

type sarifRun struct {
	Tool struct {
		Driver struct {
			Rules []sarifRule `json:"rules"`
		} `json:"driver"`
	} `json:"tool"`
	Results []struct {
		RuleID    string `json:"ruleId"`
		RuleIndex *int   `json:"ruleIndex"`
		Message   struct {
			Text string `json:"text"`
		} `json:"message"`
	} `json:"results"`
}

type sarifRule struct {
	ID   string `json:"id"`
	Help struct {
		Text string `json:"text"`
	} `json:"help"`
	Properties struct {
		Tags  []string `json:"tags"`
		Score any      `json:"security-severity"` // a string by the standard, a number from some
	} `json:"properties"`
}

// sarif reads a result's severity and package from where scanners put them, as
// SARIF itself has no place for either: lines of the result's message (trivy) or
// of the rule's help (grype), the rule's tags, and at last the score that GitHub
// reads.
func (f findings) sarif(runs []sarifRun) {
	for _, run := range runs {
		rules := map[string]*sarifRule{}
		for i := range run.Tool.Driver.Rules {
			rules[run.Tool.Driver.Rules[i].ID] = &run.Tool.Driver.Rules[i]
		}
		for _, r := range run.Results {
			id, rule := r.RuleID, rules[r.RuleID]
			if i := r.RuleIndex; rule == nil && i != nil && *i >= 0 && *i < len(run.Tool.Driver.Rules) {
				rule = &run.Tool.Driver.Rules[*i]
				id = rule.ID
			}
			if rule == nil {
				rule = &sarifRule{}
			}
			f.add(id, first(line(r.Message.Text, "Package"), line(rule.Help.Text, "Package"), r.Message.Text),
				first(line(r.Message.Text, "Severity"), line(rule.Help.Text, "Severity"), rule.tag(), rule.score()))
		}
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// line returns the value of a line "Name: value".
func line(text, name string) string {
	for l := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(l, name+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (r *sarifRule) tag() string {
	for _, t := range r.Properties.Tags {
		if s := severity(t); s != unknown {
			return s
		}
	}
	return ""
}

// score translates a CVSS score with the bounds of CVSS 3.1, section 5.
func (r *sarifRule) score() string {
	var score float64
	switch v := r.Properties.Score.(type) {
	case float64:
		score = v
	case string:
		score, _ = strconv.ParseFloat(v, 64) // what is no number says nothing
	}
	switch {
	case score >= 9:
		return "critical"
	case score >= 7:
		return "high"
	case score >= 4:
		return "medium"
	case score > 0:
		return "low"
	}
	return unknown
}

// inText are the words that are severities in a text; "none" and "info" say
// anything.
var inText = append([]string{"important", "moderate"}, severities...)

var (
	// total is trivy's line above each of its tables, whose cells are merged and
	// can't be counted.
	total = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^\s*Total: \d+ \(([A-Z]+: \d+(?:, [A-Z]+: \d+)*)\)`)
	})
	// identifier is the name of a vulnerability: CVE-2024-1, GHSA-43fp-rhv2-5gv8.
	identifier = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\b[A-Z][A-Z0-9]+-[0-9A-Za-z]+[-:][0-9A-Za-z][-:0-9A-Za-z]*`)
	})
)

// parseText counts in a text: trivy's sums where there are any, else the lines
// that name a vulnerability and have a severity as a word of its own, the same
// line once. It reports false when there is neither such a line nor grype's
// sentence that there is nothing.
func parseText(text string) ([]Row, bool) {
	count := map[string]int{}
	if sums := total().FindAllStringSubmatch(text, -1); sums != nil {
		for _, sum := range sums {
			for part := range strings.SplitSeq(sum[1], ", ") {
				name, number, _ := strings.Cut(part, ": ")
				n, _ := strconv.Atoi(number) // matched as digits
				count[severity(name)] += n
			}
		}
		return rows(count), true
	}
	seen := map[string]bool{}
	for l := range strings.Lines(text) {
		words := strings.FieldsFunc(l, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("|│[](),", r) })
		key := strings.Join(words, " ")
		s := rated(words)
		if s == "" || seen[key] || !identifier().MatchString(l) || strings.Contains(l, "(suppressed") {
			continue
		}
		seen[key] = true
		count[s]++
	}
	return rows(count), len(count) > 0 || strings.Contains(text, "No vulnerabilities found")
}

// rated returns the severity among a line's words. Titles have such words too,
// in lower case.
func rated(words []string) string {
	found := ""
	for _, w := range words {
		switch s := severity(w); {
		case !slices.Contains(inText, strings.ToLower(w)):
		case unicode.IsUpper(rune(w[0])):
			return s
		case found == "":
			found = s
		}
	}
	return found
}
