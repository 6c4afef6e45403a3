package verify

import "testing"

func TestCopiedTo(t *testing.T) {
	for _, tt := range []struct {
		name, dest, inImage string
		want                bool
	}{
		{"shared/orders/order.py", "/app/shared", "/app/shared/orders/order.py", true},
		{"shared/orders/order.py", "/app", "/app/shared/orders/order.py", true},
		{"shared/orders/order.py", "/app/shared", "/app/shared/build/lib/orders/order.py", false},
		{"shared/orders/order.py", "/app", "/app/shared/build/lib/orders/order.py", false},
		{"order.py", "/app/", "/app/order.py", true},
		{"order.py", "/app", "/apple/order.py", false},
		{"border.py", "/app", "/app/order.py", false},
		{"conf/app.ini", "/etc/app.ini", "/etc/app.ini", true},
	} {
		if got := copiedTo(tt.name, tt.dest, tt.inImage); got != tt.want {
			t.Errorf("%s to %s, %s: %v", tt.name, tt.dest, tt.inImage, got)
		}
	}
}
