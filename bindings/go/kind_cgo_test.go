//go:build cgo

package overt

// WithCgo says which of the two back ends is tested.
const WithCgo = true
