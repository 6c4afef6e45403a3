package facts

import "testing"

func TestDistrolessPython(t *testing.T) {
	for suite, want := range map[string]string{"bookworm": "3.11", "trixie": "3.13", "bullseye": "", "": ""} {
		img, ok := DistrolessPython(suite)
		if img.Python != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v", suite, img.Python, ok)
		}
	}
	if !DistrolessHas("libgomp1") || DistrolessHas("libpq5") || DistrolessHas("bash") {
		t.Error("libgomp1 is in the images, libpq5 and bash are not")
	}
}
