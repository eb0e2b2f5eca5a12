package overtcobra

import (
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"runtime"
)

// panicExitCode is the exit code of a Go program that panics.
const panicExitCode = 2

// exitCode is the rule unless the program has one of its own.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		// An exec.ExitError says -1 of a process that a signal ended.
		if code := coded.ExitCode(); code >= 0 {
			return code
		}
	}
	return 1
}

// asSeen gives what others see of a process that calls os.Exit(code): on Windows all of it, elsewhere 8 bits.
func asSeen(code int) int {
	if runtime.GOOS == "windows" {
		return code
	}
	return code & 0xff
}

// exitReason says in a word how a run ended.
func exitReason(err error, code int) string {
	switch {
	case code == 0:
		return "success"
	case err == nil:
		return "exit"
	default:
		return typeName(err)
	}
}

// typeName gives the name of an error's type, such as "fs.PathError": that of the first error in the chain whose type
// says more than that texts were put together.
func typeName(err error) string {
	kind := reflect.TypeOf(err)
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind.PkgPath() == "fmt" || kind.PkgPath() == "errors" {
		switch wrapper := err.(type) {
		case interface{ Unwrap() error }:
			if inner := wrapper.Unwrap(); inner != nil {
				return typeName(inner)
			}
		case interface{ Unwrap() []error }:
			if inner := wrapper.Unwrap(); len(inner) > 0 && inner[0] != nil {
				return typeName(inner[0])
			}
		}
	}
	if kind.Name() == "" {
		return "error"
	}
	return kind.String()
}

// newUUID gives a random UUID, version 4.
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
