package overt

import (
	"os"
	"sync/atomic"
)

// looked says whether this program has looked for an uploader's arguments.
var looked atomic.Bool

// UploaderMain is the first call in main of a program that sets [Config.DetachedUpload]. It returns at once, unless overt
// has started this process to deliver events: then it does so, and ends the process.
func UploaderMain() {
	if uploaderMain(os.Args) {
		os.Exit(0)
	}
	looked.Store(true)
}
