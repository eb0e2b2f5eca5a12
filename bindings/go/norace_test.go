//go:build !race

package overt

const raceEnabled = false
