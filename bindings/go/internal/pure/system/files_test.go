//go:build linux || darwin

package system

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWhatIsAnothersIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	ours := filepath.Join(dir, "ours")
	if err := os.WriteFile(ours, []byte("on"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := Read(ours); string(text) != "on" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	if info, _ := os.Stat(ours); info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	link, writable := filepath.Join(dir, "link"), filepath.Join(dir, "writable")
	if err := os.Symlink(ours, link); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(writable, []byte("on"), 0o600)
	os.Chmod(writable, 0o666)
	for _, path := range []string{link, writable, dir} {
		if _, err := Read(path); err == nil {
			t.Errorf("%s was read", path)
		}
		if err := Append(path, []byte("x")); err == nil {
			t.Errorf("%s was written", path)
		}
	}
	open := filepath.Join(dir, "open")
	os.Mkdir(open, 0o700)
	if err := CheckPlace(filepath.Join(open, "state")); err != nil {
		t.Errorf("a place of ours: %v", err)
	}
	os.Chmod(open, 0o777)
	if CheckPlace(filepath.Join(open, "state")) == nil || CheckPlace(open) == nil {
		t.Error("a place of everybody's was taken")
	}
	os.Chmod(open, 0o777|os.ModeSticky)
	if err := CheckPlace(filepath.Join(open, "state")); err != nil {
		t.Errorf("a place like /tmp: %v", err)
	}
	through := filepath.Join(dir, "through")
	os.Chmod(open, 0o777)
	os.Symlink(open, through)
	if CheckPlace(filepath.Join(through, "state")) == nil {
		t.Error("a link led to a place of everybody's")
	}
}
