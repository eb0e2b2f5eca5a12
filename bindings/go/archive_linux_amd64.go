//go:build cgo && !overt_system

package overt

import _ "github.com/overt-telemetry/overt/bindings/go/lib/linux_amd64" // libovert.a
