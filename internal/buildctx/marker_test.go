package buildctx

import "testing"

func TestApplies(t *testing.T) {
	tests := []struct {
		marker         string
		applies, known bool
	}{
		{"", true, true},
		{"python_version>'3'", true, true},
		{"python_version < '3.10'", true, true}, // not as strings
		{"python_version <= \"3.9\"", true, true},
		{"python_version < '3.9'", false, true},
		{"'3.9' < python_version", false, true},
		{"'3.10' > python_version", true, true},
		{"python_version == '3.*'", true, true},
		{"python_version != '3.*'", false, true},
		{"python_version ~= '3.6'", true, true},
		{"python_version in '2.7 3.9'", true, true},
		{"python_version not in '2.7, 3.4'", true, true},
		{"python_full_version >= '3.7.1'", true, true},
		{"python_full_version >= '3.9.2'", true, false},
		{"python_full_version == '3.9.*'", true, true},
		{"python_full_version < '3.9'", true, false}, // 3.9 itself may be 3.9.0a1
		{"sys_platform == 'win32'", false, true},
		{"sys_platform == 'win32' or platform_system=='Linux'", true, true},
		{"os_name != 'nt' and (platform_machine == 'x86_64')", true, false},
		{"sys_platform == 'darwin' and platform_machine == 'arm64'", false, true},
		{"sys_platform == 'linux' or platform_machine == 'arm64'", true, true},
		{"extra == 'test'", false, true},
		{"sys.platform == 'linux'", true, true},
		{"platform_python_implementation != 'PyPy'", true, true},
		{"python_version >= '3.8' and", true, false},
		{"python_version >= ", true, false},
		{"(sys_platform == 'win32'", true, false},
		{"sys_platform == 'win32", true, false},
		{"sys_platform = 'win32'", true, false},
		{"python_version == 'abc'", true, false},
		{"?", true, false},
	}
	env := LinuxEnv("3.9")
	for _, tt := range tests {
		r := Requirement{Marker: tt.marker}
		if a, k := r.Applies(env); a != tt.applies || k != tt.known {
			t.Errorf("%q: %v, %v; want %v, %v", tt.marker, a, k, tt.applies, tt.known)
		}
	}
	r := Requirement{Marker: "python_version < '3'"}
	if a, k := r.Applies(LinuxEnv("")); !a || k {
		t.Errorf("unknown version: %v, %v", a, k)
	}
	r.Marker = "python_full_version >= '3.9.2'"
	if a, k := r.Applies(LinuxEnv("3.9.1")); a || !k {
		t.Errorf("3.9.1: %v, %v", a, k)
	}
}

func FuzzMarker(f *testing.F) {
	for _, s := range []string{"python_version>'3' and (extra == 'x' or os_name not in 'a')", "'3' ~= python_version", "((((", "a in", "python_version ~= '3.*'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := Requirement{Marker: s}
		if applies, known := r.Applies(LinuxEnv("3.9")); !applies && !known {
			t.Fatal("unknown, and yet declined")
		}
	})
}
