// Package coretest compares tables and numbers of Go's with the core's source, which has them first. For tests alone.
package coretest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Source gives a file of the core's.
func Source(t *testing.T, file string) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(here), "../../../../../core/src", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Has says what a file of the core's must have.
func Has(t *testing.T, file string, lines ...string) {
	t.Helper()
	text := Source(t, file)
	for _, line := range lines {
		if !strings.Contains(text, line) {
			t.Errorf("core/src/%s has no %q", file, line)
		}
	}
}

// Section gives what lies between two texts.
func Section(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	inside, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("%q … %q is not there", from, to)
	}
	return inside
}

// Words gives what stands between quotes.
func Words(text string) (words []string) {
	for _, word := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(text, -1) {
		words = append(words, word[1])
	}
	return words
}

// Milliseconds, Seconds and Grouped are how the core writes lengths of time, and numbers of four digits and more.
func Milliseconds(length time.Duration) string {
	return fmt.Sprintf("Duration::from_millis(%d)", length.Milliseconds())
}

func Seconds(length time.Duration) string {
	return fmt.Sprintf("Duration::from_secs(%d)", int(length.Seconds()))
}

func Grouped(number int) string { return fmt.Sprintf("%d_%03d", number/1000, number%1000) }
