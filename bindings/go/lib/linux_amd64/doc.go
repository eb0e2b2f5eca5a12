// Package linux_amd64 is where the module has libovert.a for linux/amd64, which bindings/go/archive.sh makes. It is
// a package so that `go mod vendor` takes the archive along.
package linux_amd64
